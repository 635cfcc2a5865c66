// What the store's lines must do, as lists: the plainest form of the rules of order.

type Position = { by: "timestamp" | "sequence"; at: number };

interface Entry {
  id: string;
  line: string;
  /** Where the provider's frontier of it is kept: lines of one key share it. */
  key: string;
  /** As it counts in its line; null behind all that came before. */
  position: Position | null;
  /** Whether it was answered as due. */
  let: boolean;
}

export interface LineModel {
  /** Answers whether it is late. */
  add(id: string, line: string, key: string, position: Position | null): boolean;
  /** Those that may go, which from here on may be under way. */
  look(): string[];
  free(): string[];
  end(id: string, how: "delivered" | "dead" | "again" | "skipped"): void;
  /** False when it changes nothing. */
  cancel(id: string): boolean;
  retry(id: string): boolean;
}

export function createLineModel(): LineModel {
  const lines = new Map<string, Entry[]>();
  const outside = new Set<string>();
  const ended = new Map<string, "ended" | "cancelled">();
  const frontiers = new Map<string, number>();

  const frontierOf = ({ key, position }: Entry) => frontiers.get(`${key} ${position?.by}`) ?? -Infinity;

  function letGo(entry: Entry): void {
    entry.let = true;
    if (entry.position === null) return;
    frontiers.set(`${entry.key} ${entry.position.by}`, Math.max(frontierOf(entry), entry.position.at));
  }

  function leave(id: string): void {
    outside.delete(id);
    for (const [name, line] of lines) {
      lines.set(
        name,
        line.filter((entry) => entry.id !== id),
      );
    }
  }

  const heads = () => [...lines.values()].flatMap((line) => line.slice(0, 1));
  const find = (id: string) => [...lines.values()].flat().find((entry) => entry.id === id);

  return {
    add(id, name, key, position) {
      const line = lines.get(name) ?? [];
      lines.set(name, line);
      const entry: Entry = { id, line: name, key, position, let: false };
      if (position === null || line.some((other) => other.position?.by !== position.by)) {
        line.push({ ...entry, position: null });
        return false;
      }
      const late = position.at < frontierOf(entry);
      const counts = Math.max(position.at, frontierOf(entry));
      const before = line.filter((other) => other.position!.at <= counts).length;
      line.splice(before, 0, { ...entry, position: { by: position.by, at: counts } });
      return late;
    },
    free: () => [...heads().map((entry) => entry.id), ...outside],
    look() {
      for (const entry of heads()) letGo(entry);
      return this.free();
    },
    end(id, how) {
      if (how === "again") return;
      leave(id);
      if (how === "skipped") outside.add(id);
      else ended.set(id, "ended");
    },
    cancel(id) {
      if (ended.has(id)) return false;
      leave(id);
      ended.set(id, "cancelled");
      return true;
    },
    retry(id) {
      if (ended.get(id) === "cancelled") return false;
      const entry = find(id);
      if (ended.delete(id)) outside.add(id);
      else if (entry !== undefined && heads().includes(entry)) letGo(entry);
      return true;
    },
  };
}
