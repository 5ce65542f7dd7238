/**
 * How the report looks, by day and by night, on a screen, a phone and paper. One colour for each verdict, told
 * apart by words as well; every text reaches a contrast of 4.5 to 1 on what lies behind it.
 */
export const PAGE_STYLE = `
:root { --back: #ffffff; --text: #1b1f24; --dim: #59636e; --line: #d5dae0; --tile: #f6f8fa;
  --reclaim: #1a7f37; --attention: #8f5f00; --wait: #0969da; --keep: #656d76; --held: #8250df; --freed: #1a7f37;
  --used: #0969da; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --dim: #9198a1; --line: #30363d;
  --tile: #161b22; --reclaim: #3fb950; --attention: #d29922; --wait: #58a6ff; --keep: #8b949e; --held: #bc8cff;
  --freed: #3fb950; --used: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 2rem auto 4rem; max-width: 72rem; padding: 0 1.2rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2.4rem 0 .7rem; }
.when, .none { color: var(--dim); margin: .2rem 0 1.2rem; }
ul, ol { list-style: none; margin: 0; padding: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem; }
.tile { background: var(--tile); border-left: 4px solid var(--keep); border-radius: 6px; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--dim); }
.tile.reclaim { border-color: var(--reclaim); } .tile.attention { border-color: var(--attention); }
.tile.wait { border-color: var(--wait); } .tile.held { border-color: var(--held); }
.tile.freed { border-color: var(--freed); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin-bottom: .6rem; }
.legend li::before { content: ''; display: inline-block; width: 1.4em; height: 0; margin-right: .5em;
  border-top: 3px solid currentColor; vertical-align: .3em; }
.legend .used::before { color: var(--used); } .legend .held::before { color: var(--held); border-top-style: dashed; }
.legend .freed::before { color: var(--freed); border-top-style: dotted; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--dim); }
.grid { stroke: var(--line); } .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round; }
.line.used { stroke: var(--used); } .line.held { stroke: var(--held); stroke-dasharray: 7 6; }
.line.freed { stroke: var(--freed); stroke-dasharray: 1 6; } .w400 { display: none; }
.bars li { display: grid; grid-template-columns: minmax(8rem, 18rem) 1fr 5rem 5.5rem; gap: .2rem .8rem;
  align-items: center; padding: .12rem 0; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .track { display: block; }
.bar { display: block; height: .9rem; border-radius: 3px; background: var(--keep); }
.bar.reclaim { background: var(--reclaim); } .bar.attention { background: var(--attention); }
.bar.wait { background: var(--wait); }
.size { text-align: right; font-variant-numeric: tabular-nums; } .word { color: var(--keep); }
.word.reclaim, .badge.reclaim { color: var(--reclaim); } .word.attention, .badge.attention { color: var(--attention); }
.word.wait, .badge.wait { color: var(--wait); } .badge.keep { color: var(--keep); } .badge { font-weight: 600; }
details { margin: .4rem 0; } summary { cursor: pointer; padding: .2rem 0; }
summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--wait); outline-offset: 2px; border-radius: 4px; }
.wide { overflow: auto; max-height: 34rem; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; min-width: 4rem; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; position: sticky; top: 0; background: var(--back); }
td.tight { white-space: nowrap; font-variant-numeric: tabular-nums; } code { font-size: 13px; }
@media (max-width: 44rem) {
  .w960 { display: none; } .w400 { display: block; }
  .bars li { grid-template-columns: 1fr auto auto; padding: .35rem 0; } .track { grid-column: 1 / -1; grid-row: 2; }
  thead { position: absolute; clip-path: inset(50%); } tr { display: block; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  td { display: grid; grid-template-columns: 5.5rem 1fr; border: 0; padding: .1rem 0; }
  td.tight { white-space: normal; } td:empty { display: none; }
  td::before { content: attr(data-label); color: var(--dim); }
}
@media print { .wide { max-height: none; overflow: visible; } }
`;
