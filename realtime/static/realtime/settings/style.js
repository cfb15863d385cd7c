// How the settings page looks, beside what it shares with the bell.

export const CSS = `
:host { display: block; --edge: #8f8b82; --good: #12724a; }
@supports (color: light-dark(#fff, #000)) { :host { --edge: light-dark(#8f8b82, #6b7078); --good: light-dark(#12724a, #5fce9b); } }
dialog { width: min(720px, calc(100vw - 28px)); max-height: min(860px, calc(100dvh - 40px)); padding: 0; overflow: hidden; border: 1px solid var(--line); border-radius: 16px; background: var(--surface); color: var(--ink); box-shadow: 0 24px 64px -24px var(--shade); }
dialog[open] { display: flex; flex-direction: column; }
dialog::backdrop { background: #0007; }
.top { display: flex; align-items: center; justify-content: space-between; gap: 12px; padding: 12px 14px 12px 20px; border-bottom: 1px solid var(--line); }
h2, h3, h4, p, ul { margin: 0; padding: 0; }
h2 { font-size: 17px; font-weight: 620; letter-spacing: -0.01em; }
h3 { font-size: 15px; font-weight: 620; }
h3:focus { outline: none; }
h4 { font-size: 13px; font-weight: 600; color: var(--ink-2); }
ul { list-style: none; }
.page { position: relative; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }
.sections { display: grid; grid-template-columns: minmax(0, 1fr); padding: 4px 20px 20px; }
section { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; padding: 18px 0; }
section + section { border-top: 1px solid var(--line); }
.about, small { color: var(--ink-2); font-size: 12.5px; }
.about { margin-top: -6px; max-width: 62ch; }
.status { position: sticky; bottom: 0; padding: 8px 20px; border-top: 1px solid var(--line); background: var(--surface); color: var(--good); font-weight: 550; }
.status:empty, .problem:empty, .why:empty, .notes:empty, .strong:empty { display: none; }
.problem { color: var(--bad); font-size: 13px; }
.page > .problem { padding: 14px 20px 0; }
.strong { font-weight: 600; }
.notes { display: grid; gap: 4px; padding: 10px 14px; border-radius: 10px; background: var(--warn-soft); color: var(--warn); font-size: 13px; }

.button, .quiet, .day { min-height: 34px; padding: 5px 13px; border: 1px solid var(--edge); border-radius: 9px; background: var(--surface); font-size: 13.5px; font-weight: 550; }
.button:hover, .day:hover { background: var(--soft); }
.button.primary { border-color: var(--tint); background: var(--tint); color: var(--tint-ink); }
.button.bad { border-color: var(--bad); color: var(--bad); }
.quiet { border-color: transparent; background: none; color: var(--tint); padding-inline: 8px; }
.quiet:hover { background: var(--soft); }
.buttons { display: flex; flex-wrap: wrap; align-items: end; gap: 8px; }
.buttons:not(:has(> :not([hidden]))) { display: none; }
.field { display: grid; gap: 3px; justify-items: start; }
.field > span, legend { font-size: 13px; font-weight: 550; }
legend { padding: 0; }
input:not([type="checkbox"]), select { min-width: 0; max-width: 100%; min-height: 36px; padding: 5px 10px; border: 1px solid var(--edge); border-radius: 8px; background: var(--surface); color: inherit; font: inherit; }
.entry input:not([size]) { width: min(340px, 100%); }
[aria-invalid="true"] { border-color: var(--bad) !important; }
fieldset { display: grid; gap: 6px; min-width: 0; margin: 6px 0 0; padding: 0; border: 0; }

.switch { appearance: none; position: relative; flex: none; width: 38px; height: 22px; margin: 0; border: 1px solid var(--edge); border-radius: 99px; background: var(--sunken); cursor: pointer; transition: background 0.12s; }
.switch::after { content: ""; position: absolute; top: 3px; inset-inline-start: 3px; width: 14px; height: 14px; border-radius: 50%; background: var(--edge); transition: inset-inline-start 0.12s; }
.switch:checked { border-color: var(--tint); background: var(--tint); }
.switch:checked::after { inset-inline-start: 19px; background: var(--tint-ink); }
.switch:indeterminate::after { inset-inline-start: 8px; width: 20px; height: 4px; top: 8px; border-radius: 2px; background: var(--tint); }
.switch:disabled { border-style: dashed; opacity: 0.6; cursor: default; }
.line { display: flex; align-items: center; justify-content: space-between; gap: 14px; min-height: 36px; padding-inline-end: 15px; }

.row { display: grid; grid-template-columns: minmax(0, 1fr) repeat(3, 68px); align-items: center; gap: 2px 0; padding: 8px 0; }
.row.head { position: sticky; top: 0; z-index: 1; padding: 6px 0; background: var(--surface); }
.channel { color: var(--ink-2); font-size: 12.5px; font-weight: 550; text-align: center; }
.cell { display: grid; place-items: center; min-height: 26px; }
.cell.none::after { content: "–"; color: var(--ink-2); }
.row .problem { grid-column: 1 / -1; }
.what { display: grid; gap: 1px; min-width: 0; padding-inline-end: 8px; overflow-wrap: anywhere; }
.group .title { font-weight: 600; }
.category { border-top: 1px solid var(--line); }
.opener { display: flex; align-items: center; gap: 8px; min-height: 28px; margin-inline-start: -4px; padding: 0 4px; border: 0; border-radius: 6px; background: none; text-align: start; }
.chevron { flex: none; width: 7px; height: 7px; margin: 0 2px; border: solid var(--ink-2); border-width: 0 1.7px 1.7px 0; rotate: -45deg; transition: rotate 0.12s; }
[aria-expanded="true"] > .chevron { rotate: 45deg; }
.kinds { margin: 0 0 10px; padding-inline-start: 12px; border-inline-start: 2px solid var(--line); }
.digest { padding: 8px 0; }
.kinds > .quiet { margin-inline-start: -8px; }

.windows, .addresses, .plain { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; }
.window { display: flex; flex-wrap: wrap; align-items: end; gap: 10px; padding: 12px; border: 1px solid var(--line); border-radius: 12px; }
.days { display: flex; flex: 1 0 100%; flex-wrap: wrap; gap: 6px; }
.day { min-width: 44px; padding: 4px 8px; font-weight: 500; }
.day[aria-pressed="true"] { border-color: var(--tint); background: var(--soft); color: var(--tint); font-weight: 620; }
.empty { color: var(--ink-2); font-size: 13px; }
.addresses .group { display: grid; grid-template-columns: minmax(0, 1fr); justify-items: start; gap: 6px; margin-top: 4px; }
.addresses .group > * { max-width: 100%; }
.addresses ul { width: 100%; }
.address { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 10px; padding: 4px 0; }
.address + .address { border-top: 1px solid var(--line); }
.name { font-weight: 550; overflow-wrap: anywhere; }
.state.verified { color: var(--good); }
.state.unverified, .state.invalid { color: var(--warn); }
.acts { display: flex; flex-wrap: wrap; margin-inline-start: auto; }
.address > div, .address > form { flex: 1 0 100%; }
.entry { display: grid; gap: 8px; padding: 8px 0; }

@media (max-width: 560px) {
  dialog { width: 100vw; max-width: none; height: 100dvh; max-height: none; margin: 0; border: 0; border-radius: 0; }
  .sections { padding-inline: 16px; }
  .row { grid-template-columns: minmax(0, 1fr) repeat(3, 56px); }
  .row .why { grid-column: 1 / -1; }
  .button, .quiet { min-height: 40px; }
  .line { padding-inline-end: 9px; }
}
@media (prefers-reduced-motion: reduce) { *, ::after { transition: none !important; } }
`;
