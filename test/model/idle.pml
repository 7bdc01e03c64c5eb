/*
 * A database that is let sleep: markers, rows, and the sweep that asks only if it sees a marker. What becomes of a delivery is in
 * lease.pml; here a row is pending until somebody has asked the database about it, and nobody else will: its message and its worker
 * are lost. `npm run model` checks every property with spin, and that each mutant breaks one.
 *
 * Time is what a marker's age stands for. OLD comes only when every statement that was sent with the marker as its last has taken
 * effect or never will: four minutes of freshness and a minute and a half of a statement, against ten minutes (infra/timings.ts
 * asserts it, and a minute for two clocks). LATE_ROWS: a process that stands still in between breaks that, and puts another marker.
 *
 *   NO_MARKERS        the queue of markers may fail to take one; then the look is what finds the row
 *   LATE_ROWS         a statement takes effect after its marker has become old
 *   ROW_FIRST         mutant: the marker is put behind the row, by a process that may die in between
 *   YOUNG_TOO         mutant: markers are removed whatever their age
 *   AGED_AFTER        mutant: a marker's age is judged when it is removed, not at the question: it was asked too early
 *   HIDES_YOUNG       mutant: what is for later hides young markers, too
 *   REMOVES_ALL       mutant: what is pending later keeps no marker
 *   NO_LOOK           mutant: without a marker nobody ever asks
 */
#define MARKERS 3
#define ROWS 2

mtype = { NOWHERE, YOUNG, OLD };
mtype marker[MARKERS] = NOWHERE;
bool asleep[MARKERS];            /* until what is for later is due */
bool held[MARKERS];              /* by the sweep; shows again if it dies */
byte writers_on[MARKERS];        /* statements under way whose last marker this is */

mtype = { NONE, LATER, DUE, DONE };
mtype row[ROWS] = NONE;
bool judged[ROWS];               /* LATER when a sweep asked that has not acted on it yet */
bool sleeps_for[ROWS];           /* a marker hides until it is due */
byte deaths = 0, failures = 0, stills = 0;

#define PENDING(r) (row[r] == LATER || row[r] == DUE)
#define THERE(m) (marker[m] != NOWHERE)
#define SHOWS(m) (THERE(m) && !asleep[m] && !held[m])
#define ANY_ROW (PENDING(0) || PENDING(1))
#define ANY_DUE (row[0] == DUE || row[1] == DUE)
#define FULL (THERE(0) && THERE(1) && THERE(2))
#define ANY_MARKER (THERE(0) || THERE(1) || THERE(2))
/* One that a sweep will see, by itself, before anything more has to happen. */
#define SEEN (THERE(0) && !asleep[0] || THERE(1) && !asleep[1] || THERE(2) && !asleep[2])

inline put(m) {
  if
#ifdef NO_MARKERS
  :: failures < 2 -> failures++; m = MARKERS
#endif
  :: marker[0] == NOWHERE -> m = 0; marker[0] = YOUNG; asleep[0] = 0; held[0] = 0
  :: marker[1] == NOWHERE -> m = 1; marker[1] = YOUNG; asleep[1] = 0; held[1] = 0
  :: marker[2] == NOWHERE -> m = 2; marker[2] = YOUNG; asleep[2] = 0; held[2] = 0
  fi
}

inline wake() { asleep[0] = 0; asleep[1] = 0; asleep[2] = 0; sleeps_for[0] = 0; sleeps_for[1] = 0 }

/* A process that makes one row pending: now, or for later. It may die anywhere. */
proctype Writer(byte r) {
  byte m = MARKERS;
#ifndef ROW_FIRST
  atomic { put(m); if :: m < MARKERS -> writers_on[m]++ :: else fi }
  if :: atomic { deaths < 1 -> deaths++; if :: m < MARKERS -> writers_on[m]-- :: else fi; goto over } :: true fi;
#endif
  /* the statement is under way: its marker does not grow old before it takes effect, unless the process stands still */
#ifdef LATE_ROWS
  if :: atomic { stills < 1 && m < MARKERS -> stills++; writers_on[m]-- ; m = MARKERS } :: true fi;
#endif
  atomic {
    if :: row[r] = DUE :: row[r] = LATER fi;
    if :: m < MARKERS -> writers_on[m]-- :: else fi
  }
  if :: atomic { deaths < 1 -> deaths++; goto over } :: true fi;
  atomic { if :: m == MARKERS -> put(m) :: else fi }
over: skip
}

/* Four minutes, ten minutes, hours. */
proctype Time() {
  do
  :: atomic { marker[0] == YOUNG && writers_on[0] == 0 -> marker[0] = OLD }
  :: atomic { marker[1] == YOUNG && writers_on[1] == 0 -> marker[1] = OLD }
  :: atomic { marker[2] == YOUNG && writers_on[2] == 0 -> marker[2] = OLD }
  :: atomic { row[0] == LATER -> row[0] = DUE; if :: sleeps_for[0] -> wake() :: else fi }
  :: atomic { row[1] == LATER -> row[1] = DUE; if :: sleeps_for[1] -> wake() :: else fi }
  od
}

byte sweep_deaths = 0;

proctype Sweep() {
  bool old[MARKERS]; bool any = 0; bool looks = 0; bool turn = 0; bool over = 0; bool left = 0; bool due = 0; byte m; byte kept = MARKERS; byte fresh;
  do
  :: atomic {
       /* every five minutes: what shows is taken; three times a day it looks in any case */
       any = SHOWS(0) || SHOWS(1) || SHOWS(2);
#ifdef NO_LOOK
       looks = 0;
#else
       looks = !any && turn; turn = !turn;
#endif
       if :: (!any && !looks) -> goto next :: else fi;
       held[0] = SHOWS(0); held[1] = SHOWS(1); held[2] = SHOWS(2)
     }
     /* a look that finds something puts a marker first; what is not due before the next look is left to that one */
     atomic {
       if :: (looks && ANY_DUE && !FULL) -> put(fresh); fresh = 0 :: else fi
     }
     /* it works: what is due gets its message, and is done */
     atomic { if :: row[0] == DUE -> row[0] = DONE :: else fi }
     atomic { if :: row[1] == DUE -> row[1] = DONE :: else fi }
     if :: atomic { sweep_deaths < 1 -> sweep_deaths++; held[0] = 0; held[1] = 0; held[2] = 0; goto next } :: true fi;
     /* the question: what is left, and how old each marker is by then */
     atomic {
       left = ANY_ROW; due = ANY_DUE; judged[0] = row[0] == LATER; judged[1] = row[1] == LATER;
       old[0] = marker[0] == OLD; old[1] = marker[1] == OLD; old[2] = marker[2] == OLD
     }
     if :: atomic { sweep_deaths < 1 -> sweep_deaths++; held[0] = 0; held[1] = 0; held[2] = 0; goto next } :: true fi;
     atomic {
#ifdef AGED_AFTER
       old[0] = marker[0] == OLD; old[1] = marker[1] == OLD; old[2] = marker[2] == OLD;
#endif
#ifdef YOUNG_TOO
       old[0] = 1; old[1] = 1; old[2] = 1;
#endif
       /* half an hour ahead at the least: a marker that hides until then shows before it, however slow this sweep is */
       over = judged[0] && row[0] == DUE || judged[1] && row[1] == DUE;
       kept = MARKERS;
       for (m : 0 .. MARKERS - 1) {
         if
         :: held[m] && old[m] && left && kept == MARKERS ->
#ifdef REMOVES_ALL
            if :: !due -> marker[m] = NOWHERE :: else -> kept = m fi
#else
            kept = m;
            if :: !due && !over -> asleep[m] = 1; sleeps_for[0] = judged[0]; sleeps_for[1] = judged[1] :: else fi
#endif
         :: held[m] && old[m] && (!left || kept != MARKERS) -> marker[m] = NOWHERE
#ifdef HIDES_YOUNG
         :: held[m] && !old[m] && left && !due && !over ->
            asleep[m] = 1; sleeps_for[0] = judged[0]; sleeps_for[1] = judged[1]
#endif
         :: else
         fi;
         held[m] = 0
       }
       judged[0] = 0; judged[1] = 0; over = 0; m = 0; kept = MARKERS; old[0] = 0; old[1] = 0; old[2] = 0
     }
next: atomic { judged[0] = 0; judged[1] = 0; any = 0; looks = 0; left = 0; due = 0 }
  od
}

init { atomic { run Time(); run Sweep(); run Writer(0); run Writer(1) } }

/* Of what is due there is a marker that shows, or is in a sweep's hands; what is for later may have one that hides. */
ltl marked { [] ((ANY_ROW -> ANY_MARKER) && (ANY_DUE -> SEEN)) }
/* Whatever dies and fails, it is found. */
ltl found { [] (PENDING(0) -> <> (row[0] == DONE)) }
