const OPERATOR = /^(and|or|unless)$/;
/** Of Prometheus, or made by a rule of the project. */
const NOT_OF_A_WORKER = ['up', 'ALERTS', 'fleetwall:jobs:increase1h'];

/** The names of metrics in an expression: all its words but labels, ranges, strings, functions and operators. */
export function metricsIn(expression: string): string[] {
  const bare = expression.replace(/\{.*?\}|\[.*?\]|\b(?:by|on) \(.*?\)|\boffset \w+|"[^"]*"/g, ' ');
  const names = bare.match(/[A-Za-z_:][\w:]*\b(?!\s*\()/g) ?? [];
  return names.filter((name) => !OPERATOR.test(name));
}

/** All metrics that an expression may ask for, by what a worker serves at `/metrics`. */
export function metricsOf(page: string): Set<string> {
  const metrics = new Set(NOT_OF_A_WORKER);
  for (const [, name = '', type] of page.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const series = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const part of series) metrics.add(`${name}${part}`);
  }
  return metrics;
}
