// Opens and closes lanes: as the state and health of their destinations have it, and as long as they are this node's.
import type { Destination } from "../core/destination.ts";
import { CLASSES, type Lane, type Work } from "../core/lane.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Catalog } from "./catalog.ts";
import type { DestinationHealth } from "./destination-health.ts";
import type { LaneFeed } from "./lane-feed.ts";

export interface LaneDoors {
  /** Gives a lane its destination's settings, and opens or closes it. */
  open(destination: Destination): void;
  /** Opens or closes it, and gives it the slots that its destination's state and health leave it. `first` goes ahead of what waits. */
  follow(destinationId: string, first?: Work): void;
  /** Of a destination that is gone. */
  close(lane: Lane): void;
  removeIfEmpty(lane: Lane): void;
}

export interface LaneDoorsOptions {
  catalog: Catalog;
  health: DestinationHealth;
  schedule: Schedule;
  feed: LaneFeed;
  isMine: (destinationId: string) => boolean;
  /** A lane opened or closed. */
  onMoved: () => void;
}

export function createLaneDoors({ catalog, health, schedule, feed, isMine, onMoved }: LaneDoorsOptions): LaneDoors {
  function move(lane: Lane, destination: Destination, first?: Work): void {
    const slots = health.slots(destination.id);
    const open = destination.state.kind === "active" && slots > 0 && isMine(destination.id);
    const opens = open && !lane.open;
    if (open === lane.open && slots === lane.concurrencyMax) return;
    schedule.adjust(lane, { open, concurrencyMax: slots, freshSince: health.freshSince(destination.id) });
    if (!open) park(lane);
    if (first !== undefined && open) schedule.add(lane, first);
    if (opens) feed.refill(lane);
    // Also when it closes: its breaker has a time at which it wants to be woken.
    onMoved();
  }

  /** What is queued goes back to where it also is, the store: memory is for those that may go. */
  function park(lane: Lane): void {
    const held = CLASSES.filter((of) => lane.queuedOf(of) > 0);
    schedule.clear(lane);
    feed.parked(lane, held);
  }

  function removeIfEmpty(lane: Lane): void {
    if (lane.window.size > 0 || lane.inFlight > 0 || catalog.destination(lane.destinationId) !== undefined) return;
    schedule.remove(lane);
    feed.remove(lane);
  }

  return {
    open(destination) {
      const lane = schedule.lane(destination.id);
      schedule.adjust(lane, { ...settingsOf(destination), rate: health.rate(destination.id) });
      move(lane, destination);
    },
    follow(destinationId, first) {
      const destination = catalog.destination(destinationId);
      if (destination !== undefined) move(schedule.lane(destinationId), destination, first);
    },
    close(lane) {
      schedule.adjust(lane, { open: false });
      park(lane);
      removeIfEmpty(lane);
    },
    removeIfEmpty,
  };
}

function settingsOf({ tenantId, url }: Destination): { tenantId: string; host: string } {
  return { tenantId: tenantId ?? "", host: new URL(url).origin };
}
