// A line chart of the last seconds or minutes.
import {useEffect, useRef} from 'preact/hooks';
import UPlot from 'uplot';
import {clock} from '../format.js';
import type {Measure} from '../live.js';
import {colour, onThemeChange} from '../theme.js';
import {useLive} from './use_live.js';

export interface Line {
  readonly measure: Measure;
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly windowSeconds: number;
  /** Where it ends, by the server's clock in seconds: now, or where it was paused. */
  readonly until: number;
}

const HEIGHT = 150;
const FONT = '11px system-ui, sans-serif';

export function Chart({title, lines, format, windowSeconds, until}: ChartProps) {
  const live = useLive();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>();
  const shown = useRef({from: 0, to: 1});
  shown.current = {from: until - windowSeconds, to: until};
  const data = live.series.range(lines.map(({measure}) => measure), until - windowSeconds - 2, until);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new UPlot(optionsOf(lines, format, box.clientWidth, () => shown.current), latest.current as UPlot.AlignedData, box);
    };
    draw();
    const sized = new ResizeObserver(() => plot.current?.setSize({width: box.clientWidth, height: HEIGHT}));
    sized.observe(box);
    const end = onThemeChange(draw);
    return () => {
      end();
      sized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => plot.current?.setData(data as UPlot.AlignedData));

  const newest = lines.map((_, at) => data[at + 1]?.at(-1) ?? null);
  const told = lines.map(({label}, at) => `${label} ${newest[at] === null ? 'unknown' : format(newest[at] as number)}`).join(', ');
  return (
    <figure class="chart card">
      <figcaption>
        <span>{title}</span>
        <span class="chart-now">
          {lines.map(({label, dashed}, at) => (
            <span key={label}>
              {lines.length > 1 && <><i class={dashed ? `key key-${at} key-dashed` : `key key-${at}`} aria-hidden="true" />{label} </>}
              <b>{newest[at] === null ? '–' : format(newest[at] as number)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} class="chart-plot" role="img" aria-label={`${title}: ${told}`} data-points={data[0]?.length ?? 0} />
    </figure>
  );
}

function optionsOf(lines: readonly Line[], format: (value: number) => string, width: number, window: () => {from: number; to: number}): UPlot.Options {
  const grid = {stroke: colour('--line'), width: 1};
  const axis = {stroke: colour('--muted'), grid, ticks: {show: false}, font: FONT};
  return {
    width, height: HEIGHT, legend: {show: false}, cursor: {show: false}, padding: [8, 26, 0, 0],
    scales: {
      x: {time: true, range: () => [window().from, window().to]},
      y: {range: (_plot, _min, max) => [0, max > 0 ? max * 1.15 : 1]},
    },
    axes: [
      {...axis, grid: {show: false}, size: 24, space: 70, values: (_plot, ticks) => ticks.map((tick) => clock(new Date(tick * 1000).toISOString()))},
      {...axis, size: 56, space: 36, values: (_plot, ticks) => ticks.map(format)},
    ],
    series: [
      {},
      ...lines.map(({colour: name, dashed}, at): UPlot.Series => ({
        stroke: colour(name), width: 1.75, points: {show: false}, ...(dashed ? {dash: [5, 4]} : {}),
        ...(at === 0 ? {fill: colour(`${name}-fill`)} : {}),
      })),
    ],
  };
}
