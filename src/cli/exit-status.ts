/** 0 done · 1 something failed · 2 bad usage or settings. */
export type ExitStatus = 0 | 1 | 2;
