// The style of <hoardrun-bell>, beside what it shares with the settings page.

export const STYLE = `
.bell { position: relative; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 1px solid var(--line); border-radius: 50%; background: var(--surface); }
.bell:hover { border-color: var(--tint); }
.icon { width: 21px; height: 21px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.bell.unseen svg { color: var(--tint); transform-origin: 50% 10%; animation: ring 0.9s ease-in-out; }
.bell.away { border-style: dashed; color: var(--ink-2); }
@keyframes ring { 20% { rotate: 14deg; } 45% { rotate: -11deg; } 70% { rotate: 6deg; } }
.badge { position: absolute; top: -5px; inset-inline-end: -5px; min-width: 20px; padding: 0 5px; border-radius: 99px; background: var(--tint); color: var(--tint-ink); font-size: 11px; font-weight: 650; line-height: 19px; text-align: center; }
.badge:empty { display: none; }
.panel { position: absolute; top: calc(100% + 8px); inset-inline-end: 0; z-index: 1000; width: min(430px, calc(100vw - 28px)); overflow: hidden; border: 1px solid var(--line); border-radius: 14px; background: var(--surface); box-shadow: 0 12px 32px -12px var(--shade); }
.panel.turned { inset-inline: 0 auto; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 10px; padding: 10px 10px 10px 16px; border-bottom: 1px solid var(--line); }
h2 { flex: 1; margin: 0; font-size: 15px; font-weight: 600; }
.tabs { display: flex; gap: 6px; padding: 8px 16px; overflow-x: auto; border-bottom: 1px solid var(--line); scrollbar-width: none; }
.tabs button { flex: none; min-height: 28px; padding: 2px 11px; border: 1px solid var(--line); border-radius: 99px; background: none; color: var(--ink-2); font-size: 13px; }
.tabs [aria-pressed="true"] { border-color: transparent; background: var(--soft); color: var(--tint); font-weight: 550; }
.segments { display: inline-flex; padding: 2px; border-radius: 8px; background: var(--sunken); }
.segments button { padding: 3px 10px; border: 0; border-radius: 6px; background: none; color: var(--ink-2); font-size: 13px; }
.segments [aria-pressed="true"] { background: var(--surface); color: var(--ink); }
.quiet { min-height: 28px; padding: 2px 8px; border: 0; border-radius: 7px; background: none; color: var(--tint); font-size: 13px; font-weight: 550; white-space: nowrap; }
.head .quiet { margin-inline-start: auto; }
.tool { display: grid; place-items: center; flex: none; width: 32px; height: 32px; padding: 0; border: 0; border-radius: 8px; background: none; color: var(--ink-2); }
.tool:hover { background: var(--soft); color: var(--tint); }
.tool .icon { width: 19px; height: 19px; }
.quiet:hover:not(:disabled) { background: var(--soft); }
.problem { margin: 0; padding: 8px 16px; color: var(--bad); }
.problem:empty { display: none; }
.scroll { max-height: min(480px, 62vh); max-height: min(480px, 62dvh); overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }
ul { margin: 0; padding: 0; list-style: none; }
.note { display: flex; flex-wrap: wrap; gap: 4px; padding: 4px 8px 4px 4px; }
.note + .note { border-top: 1px solid var(--line); }
.note.unread { background: var(--soft); }
.kind { display: grid; place-items: center; flex: none; width: 32px; height: 32px; margin: 10px 0 0 10px; border-radius: 50%; background: var(--sunken); color: var(--ink-2); }
.kind .icon { width: 17px; height: 17px; }
.kind[data-type="security"] { background: var(--warn-soft); color: var(--warn); }
.kind:is([data-type="transaction"], [data-type="payment"]) { color: var(--tint); }
.open { display: grid; flex: 1 0 0; gap: 1px; min-width: 0; padding: 8px 12px; border: 0; border-radius: 8px; background: none; text-align: start; }
.open > * { overflow-wrap: anywhere; }
strong { font-weight: 500; }
.unread strong { font-weight: 650; }
.open span, small { color: var(--ink-2); }
small { font-size: 12.5px; }
em { margin-inline-start: 8px; color: var(--bad); font-style: normal; font-weight: 550; }
.acts { display: grid; grid-template-columns: 32px 32px; align-content: start; padding-top: 6px; }
.acts [aria-pressed="true"] { color: var(--tint); }
.acts [aria-pressed="true"] .icon { fill: currentColor; }
.choices { display: flex; flex: 1 0 100%; flex-wrap: wrap; gap: 6px; padding: 0 4px 8px 54px; }
.choices .quiet { border: 1px solid var(--line); background: var(--surface); }
.empty { padding: 26px 16px; color: var(--ink-2); text-align: center; }
.more { display: block; width: 100%; min-height: 40px; border-top: 1px solid var(--line); border-radius: 0; }
@media (max-width: 520px) {
  .panel, .panel.turned { position: fixed; inset: var(--edge) 14px auto; display: flex; flex-direction: column; width: auto; max-height: calc(100vh - var(--edge) - 14px); max-height: calc(100dvh - var(--edge) - 14px); }
  .panel.above { inset: auto 14px var(--edge); }
  .quiet { min-height: 34px; }
}
/* The words of some languages would leave the text half of the row. */
@media (max-width: 480px) {
  .open { padding-bottom: 0; }
  .acts { display: flex; flex: 1 0 100%; flex-wrap: wrap; margin-inline-end: -8px; padding: 0; padding-inline-start: 52px; }
  .acts .tool { width: 40px; height: 36px; }
  .acts .tool:last-child { margin-inline-start: auto; margin-inline-end: 8px; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
`;
