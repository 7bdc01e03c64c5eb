/*
 * Deliveries with one ordering key: stored one after the other, claimed by workers that may die, ended, and one of them redelivered.
 * A statement sees what was committed before it began, and takes only what it finds free when it comes to it: so a claim is a look and
 * a taking, and the end of a delivery a look, an end and, afterwards, a second look. A message of one that has to wait is gone.
 * `npm run model` checks it with spin, and that each mutant breaks a property.
 *
 *   NO_SWEEP        without the sweep: who waits is called by whoever ends the one before, and by nobody else
 *   NO_CRASH        no worker dies
 *   NO_SECOND_LOOK  mutant: whoever ends one calls whom it saw when it began
 *   NO_SLOT         mutant: a claim takes no slot: it only looks whether an earlier one is left
 *   NO_LOOK         mutant: a claim looks whether the slot is free, and not whether an earlier one is left
 */
#define N 3
#define NOBODY 9
#define CRASHES 1
mtype = { unstored, pending, over, dead };

mtype state[N] = unstored;
bool asked[N], leased[N];
byte slot = NOBODY, flying = 0, crashes = 0, left = N;
bool redelivered = 0;

#define FIRST(x) x = (state[0] == pending -> 0 : (state[1] == pending -> 1 : (state[2] == pending -> 2 : NOBODY)))

proctype Store() {
  atomic { state[0] = pending }; asked[0] = 1;
  atomic { state[1] = pending }; asked[1] = 1;
  atomic { state[2] = pending }; asked[2] = 1
}

proctype Worker() {
  byte i, first, next;
end_idle:
  do
  :: atomic {
       if
       :: asked[0] -> i = 0 :: asked[1] -> i = 1 :: asked[2] -> i = 2
       fi;
       asked[i] = 0; FIRST(first)                           /* the claim has begun */
     };
     if
     :: atomic { (state[i] == pending && !leased[i]
#ifndef NO_LOOK
          && first == i
#endif
#ifndef NO_SLOT
          && slot == NOBODY
#endif
        ) -> leased[i] = 1; slot = i; flying++ }
     :: atomic { else -> goto idle }                        /* it waits, or is in flight, or over: its message goes */
     fi;
     assert(flying <= 1);                                   /* never two of one key in flight */
     assert(i == 0 || state[0] != pending || redelivered);  /* nobody overtakes */
     assert(i != 2 || state[1] != pending);
     if
#ifndef NO_CRASH
     :: atomic { (crashes < CRASHES) -> crashes++; flying--; leased[i] = 0; slot = NOBODY; goto idle }
#endif
     :: true
     fi;
     atomic { flying--; FIRST(first);                       /* the settle has begun */
       if :: first == i -> next = (state[1] == pending && i != 1 -> 1 : (state[2] == pending && i != 2 -> 2 : NOBODY))
          :: else -> next = first fi };
     atomic { leased[i] = 0; slot = NOBODY;
       if
       :: (i == 0 && !redelivered) -> state[i] = dead
       :: state[i] = over; left--
       fi };
#ifndef NO_SECOND_LOOK
     FIRST(next);
#endif
     if :: next != NOBODY -> asked[next] = 1 :: else fi;
idle: i = 0; first = 0; next = 0
  od
}

/* Of the first one, if it died. Without it the dead letter stays, and that is an end, too. */
proctype Operator() {
end_over:
  do
  :: atomic { (state[0] == dead && !redelivered) -> redelivered = 1; state[0] = pending }; asked[0] = 1; break
  od
}

proctype Sweep() {
  byte first;
end_over:
  do
#ifndef NO_SWEEP
  :: atomic { FIRST(first);
       if :: (first != NOBODY && !leased[first] && !asked[first]) -> asked[first] = 1 :: else fi }
#endif
  :: atomic { left == 0 -> break }
  od
}

init { atomic { run Store(); run Operator(); run Sweep(); run Worker(); run Worker() } }

ltl ends { <> (left == 0) }
