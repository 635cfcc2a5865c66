// The keys of the cluster to look at: some act at once, some want to know which node.

/** `whole` for what concerns no single node. */
export type Command = { kind: "kill" | "restart" | "pause"; node: number } | { kind: "database" } | { kind: "quit" };

export interface Keys {
  /** What is waited for; null when nothing is. */
  readonly question: string | null;
  /** The command that this key completes; null for none. */
  press(key: string): Command | null;
}

const ASKS = { k: ["kill", "Kill"], r: ["restart", "Restart"], p: ["pause", "Pause or continue"] } as const;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

export function createKeys(nodes: number): Keys {
  let asked: keyof typeof ASKS | null = null;
  return {
    get question() {
      return asked === null ? null : `${ASKS[asked][1]} which node? 1 to ${nodes}, or any other key for none.`;
    },
    press(key) {
      if (key === CTRL_C || key === CTRL_D || (asked === null && key === "q")) return { kind: "quit" };
      const waiting = asked;
      asked = null;
      if (waiting !== null) {
        const number = /^[1-9]$/.test(key) ? Number(key) : 0;
        return number >= 1 && number <= nodes ? { kind: ASKS[waiting][0], node: number - 1 } : null;
      }
      if (key === "d") return { kind: "database" };
      if (key === "k" || key === "r" || key === "p") asked = key;
      return null;
    },
  };
}
