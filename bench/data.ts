import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const dataFolder = join(import.meta.dirname, '.data');
const sensors = 500;
const readingsPerSecond = 200;
const regions = ['north', 'south', 'east', 'west'];
const start = Date.UTC(2024, 0, 1);

/**
 * Sensor readings with a fixed seed: time, id, region, temperature (1 % empty), humidity, status, and in 5 % a note that
 * needs quotes. Made once and kept; returns the paths.
 */
export function readings(rows: number): { readonly csv: string; readonly jsonl: string } {
  mkdirSync(dataFolder, { recursive: true });
  const csv = join(dataFolder, `readings-${rows}.csv`);
  const jsonl = join(dataFolder, `readings-${rows}.jsonl`);
  if (!existsSync(csv)) write(csv, rows, 'time,id,region,temperature,humidity,status,note\n', csvLine);
  if (!existsSync(jsonl)) write(jsonl, rows, '', (reading) => `${JSON.stringify(reading)}\n`);
  return { csv, jsonl };
}

interface Reading {
  readonly time: string;
  readonly id: string;
  readonly region: string;
  readonly temperature: number | null;
  readonly humidity: number;
  readonly status: string;
  readonly note: string | null;
}

function write(path: string, rows: number, header: string, line: (reading: Reading) => string): void {
  const random = generator(42);
  const part = `${path}.part`;
  const file = openSync(part, 'w');
  let text = header;
  for (let i = 0; i < rows; i++) {
    text += line(reading(i, random));
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
  renameSync(part, path);
}

function reading(i: number, random: () => number): Reading {
  const sensor = Math.floor(random() * sensors);
  const temperature = Math.round((20 + 12 * Math.sin(i / 50_000) + 8 * (random() - 0.5)) * 10) / 10;
  const odd = random();
  return {
    time: new Date(start + Math.floor((i * 1000) / readingsPerSecond)).toISOString(),
    id: `sensor-${String(sensor).padStart(4, '0')}`,
    region: regions[sensor % regions.length]!,
    temperature: random() < 0.01 ? null : temperature,
    humidity: Math.round((30 + 60 * random()) * 10) / 10,
    status: odd < 0.9 ? 'ok' : odd < 0.97 ? 'warning' : 'error',
    note: random() < 0.05 ? `checked, "${Math.floor(random() * 100)}" by hand` : null,
  };
}

function csvLine({ time, id, region, temperature, humidity, status, note }: Reading): string {
  return `${time},${id},${region},${temperature ?? ''},${humidity},${status},${note === null ? '' : `"${note.replaceAll('"', '""')}"`}\n`;
}

/** mulberry32: small, fast, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
