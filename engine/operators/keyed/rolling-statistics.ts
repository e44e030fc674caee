/** Mean and spread of the numbers in a window that slides, as plain data. */
export type RollingState = {
  /** From the oldest on. */
  values: number[];
  /** Of the values, in their order, where the window is one of time; otherwise empty. */
  times: number[];
  mean: number;
  /** The sum of the squared distances from the mean. */
  squares: number;
  /** The greatest `squares` since all was computed anew, and how many values have left since. */
  peak: number;
  removed: number;
};

export function newRolling(): RollingState {
  return { values: [], times: [], mean: 0, squares: 0, peak: 0, removed: 0 };
}

/** Adds a value to a window of the last `size` ones. */
export function addToLast(state: RollingState, value: number, size: number): void {
  state.values.push(value);
  include(state, value);
  if (state.values.length > size) exclude(state, state.values.shift()!);
}

/** Adds a value to a window of time. Values that come late are put in their place. */
export function addAt(state: RollingState, value: number, time: number): void {
  const { times, values } = state;
  let at = times.length;
  while (at > 0 && times[at - 1]! > time) at--;
  if (at === times.length) {
    times.push(time);
    values.push(value);
  } else {
    times.splice(at, 0, time);
    values.splice(at, 0, value);
  }
  include(state, value);
}

/** Takes out the values whose time is `until` or before. */
export function removeUntil(state: RollingState, until: number): void {
  while (state.times.length > 0 && state.times[0]! <= until) {
    state.times.shift();
    exclude(state, state.values.shift()!);
  }
}

/** The sample standard deviation; null with less than two values. */
export function deviationOf({ values, squares }: RollingState): number | null {
  return values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
}

// Welford's update, and its inverse.
function include(state: RollingState, value: number): void {
  const distance = value - state.mean;
  state.mean += distance / state.values.length;
  state.squares += distance * (value - state.mean);
  state.peak = Math.max(state.peak, state.squares);
}

/**
 * Taking out loses digits, as it subtracts what was added before. So all is computed anew once as many values have left as the
 * window has, and as soon as a spread shrinks so much (an outlier leaves) that what remains is mostly rounding.
 */
function exclude(state: RollingState, value: number): void {
  const count = state.values.length;
  const distance = value - state.mean;
  state.mean -= distance / count;
  state.squares -= distance * (value - state.mean);
  state.removed++;
  if (count < 2 || state.removed >= Math.max(32, count) || !(state.squares >= state.peak * 1e-4)) compute(state);
}

function compute(state: RollingState): void {
  const { values } = state;
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += (values[i]! - mean) / (i + 1);
  let squares = 0;
  let rest = 0;
  for (const value of values) {
    squares += (value - mean) ** 2;
    rest += value - mean;
  }
  // The second pass mends what the mean lacks.
  if (values.length > 0) squares -= rest ** 2 / values.length;
  state.mean = values.length > 0 ? mean + rest / values.length : 0;
  state.squares = state.peak = Math.max(squares, 0);
  state.removed = 0;
}
