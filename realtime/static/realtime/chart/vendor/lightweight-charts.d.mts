/** What we call of lightweight-charts 5.2.1; times are seconds since 1970, in UTC. */
export type Time = number;
export interface Point {
  time: Time;
  open?: number;
  high?: number;
  low?: number;
  close?: number;
  value?: number;
}
export interface LogicalRange {
  from: number;
  to: number;
}
export interface CrosshairMove {
  time?: Time;
  logical?: number;
  point?: { x: number; y: number };
  /** Of a pointer that has moved it. */
  sourceEvent?: object;
}
export interface Primitive {
  attached?(parameters: { requestUpdate: () => void }): void;
  detached?(): void;
  updateAllViews?(): void;
}
export interface PriceLine {
  applyOptions(options: object): void;
}
export interface Series {
  setData(points: Point[]): void;
  update(point: Point): void;
  applyOptions(options: object): void;
  priceToCoordinate(price: number): number | null;
  coordinateToPrice(y: number): number | null;
  createPriceLine(options: object): PriceLine;
  removePriceLine(line: PriceLine): void;
  attachPrimitive(primitive: Primitive): void;
  detachPrimitive(primitive: Primitive): void;
  priceScale(): { applyOptions(options: object): void; width(): number };
}
export interface TimeScale {
  applyOptions(options: object): void;
  getVisibleLogicalRange(): LogicalRange | null;
  setVisibleLogicalRange(range: LogicalRange): void;
  fitContent(): void;
  scrollToRealTime(): void;
  resetTimeScale(): void;
  scrollPosition(): number;
  height(): number;
  subscribeVisibleLogicalRangeChange(handler: (range: LogicalRange | null) => void): void;
}
export interface Chart {
  addSeries(definition: object, options?: object): Series;
  applyOptions(options: object): void;
  timeScale(): TimeScale;
  subscribeCrosshairMove(handler: (move: CrosshairMove) => void): void;
  setCrosshairPosition(price: number, time: Time, series: Series): void;
  clearCrosshairPosition(): void;
  remove(): void;
}
export function createChart(container: HTMLElement, options: object): Chart;
export const CandlestickSeries: object;
export const HistogramSeries: object;
export const LineSeries: object;
export const LineStyle: Record<"Solid" | "Dotted" | "Dashed", number>;
export function version(): string;
