/**
 * 0 done · 1 something failed · 2 bad usage or settings · 3 no broker · 4 some host did not answer in time · 130 ended by SIGINT · 143 by
 * SIGTERM.
 */
export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 130 | 143;
