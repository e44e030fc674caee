/** Whole numbers up to 10^15 and powers of ten up to 10^22 are exact doubles, so that one division rounds correctly. */
export const exactDigits = 15;
export const powersOfTen: readonly number[] = Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent);
