/** The largest process numbers are given out last, so hardly any machine has come this far. */
export const DEAD_PID = 4_194_301;
