/** How the report looks, by day and by night. One colour for each verdict, told apart by words as well. */
export const PAGE_STYLE = `
:root { --back: #ffffff; --text: #1b1f24; --dim: #59636e; --line: #d5dae0; --tile: #f4f6f8;
  --reclaim: #1a7f37; --attention: #9a6700; --wait: #0969da; --keep: #6e7781; --held: #8250df; --freed: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --dim: #9198a1; --line: #30363d;
  --tile: #161b22; --reclaim: #3fb950; --attention: #d29922; --wait: #58a6ff; --keep: #8b949e; --held: #bc8cff;
  --freed: #3fb950; } }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
.when, .none { color: var(--dim); margin: .2rem 0 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; }
.tile { background: var(--tile); border-left: 4px solid var(--keep); border-radius: 4px; padding: .6rem .8rem; }
.tile b { font-size: 1.5rem; margin-right: .2rem; } .tile span { display: block; color: var(--dim); }
.tile.reclaim { border-color: var(--reclaim); } .tile.attention { border-color: var(--attention); }
.tile.wait { border-color: var(--wait); } .tile.held { border-color: var(--held); } .tile.freed { border-color: var(--freed); }
svg { width: 100%; height: auto; } svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--line); } svg .line { fill: none; stroke: var(--freed); stroke-width: 2; }
svg .area { fill: var(--freed); opacity: .15; }
rect.reclaim { fill: var(--reclaim); } rect.attention { fill: var(--attention); } rect.wait { fill: var(--wait); }
rect.keep { fill: var(--keep); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
td:has(> .badge), td.tight { white-space: nowrap; } th { color: var(--dim); font-weight: 600; } code { font-size: 13px; overflow-wrap: anywhere; }
.badge { white-space: nowrap; font-weight: 600; } .badge.reclaim { color: var(--reclaim); }
.badge.attention { color: var(--attention); } .badge.wait { color: var(--wait); } .badge.keep { color: var(--keep); }
`;
