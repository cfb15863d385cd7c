/**
 * Resolves to a name for this tab, for the option `device`: it survives the tab's reloads, and no
 * other tab of the origin has it, not even a copy of this one.
 */
export function deviceName(prefix?: string): Promise<string>;
