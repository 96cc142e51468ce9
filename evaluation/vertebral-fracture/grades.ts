/** Genant's grades in the evaluation. */

export const GRADES = ['0', '1', '2', '3'] as const;
/** The grade of a moderate fracture. */
export const MODERATE = 2;
