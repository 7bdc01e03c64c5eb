/*
 * One endpoint that goes down and comes back, DELIVERIES deliveries, and workers that die: hold, probe, recovery. What a claim takes
 * is a place in the endpoint's row, and it ends with the claim's lease; what is held has one message that goes round, and the
 * sweep sends another where it was lost. `npm run model` checks it with spin, and that each mutant breaks a property.
 *
 *   NO_EXPIRY   mutant: the place of a dead worker is never free again
 *   NO_REPAIR   mutant: the sweep calls nobody out
 *   NO_PLACE    mutant: a claim of what is down looks whether a place is free, and takes none
 */
#define DELIVERIES 3
#define THRESHOLD 2
#define CRASHES 2
#define LOSSES 1

bool done[DELIVERIES], held[DELIVERIES], asked[DELIVERIES], working[DELIVERIES], placed[DELIVERIES];
bool down = 0, governed = 0, receiver_up = 0;
byte failures = 0, places = 0, window = 0, crashes = 0, losses = 0, probing = 0, left = DELIVERIES;

#define LOOSE (!governed || places < window)

inline settle(i, ok) {
  if :: placed[i] -> placed[i] = 0; places-- :: else fi;
  if
  :: (ok) ->
     done[i] = 1; left--; failures = 0;
     if :: down -> down = 0; window = 2 :: (!down && governed && window < DELIVERIES) -> window++ :: else fi
  :: else ->
     if :: failures < THRESHOLD -> failures++ :: else fi;
     if :: (failures >= THRESHOLD) -> down = 1; governed = 1; window = 1 :: else fi;
     if :: down -> held[i] = 1 :: else -> asked[i] = 1 fi
  fi;
  if :: (!down && (left == 0)) -> governed = 0 :: else fi
}

/* A message of delivery i has arrived. */
proctype Worker(byte i) {
  bool was_down, ok;
end_idle:
  do
  :: atomic { (asked[i] && !done[i] && !working[i]) ->
       asked[i] = 0;
       if
       :: LOOSE ->
          held[i] = 0; working[i] = 1; was_down = down;
#ifndef NO_PLACE
          if :: governed -> placed[i] = 1; places++ :: else fi;
#endif
          if :: (governed && down) -> probing++ :: else fi
       :: else -> held[i] = 1; goto idle
       fi
     }
     assert(probing <= 1);                                /* never two probes of one endpoint at once */
     if
     :: atomic { (crashes < CRASHES) -> crashes++;        /* it dies: only its lease knows */
          if :: was_down -> probing-- :: else fi; goto lost }
     :: true
     fi;
     atomic {
       if :: (was_down) -> probing-- :: else fi;
       working[i] = 0; ok = receiver_up; settle(i, ok)
     };
     /* What is held is called where there is room: the worker may die before. */
     if
     :: atomic { (crashes < CRASHES) -> crashes++ }
     :: atomic { if :: (held[0] && LOOSE) -> asked[0] = 1 :: else fi;
                 if :: (held[1] && LOOSE) -> asked[1] = 1 :: else fi;
                 if :: (held[2] && LOOSE) -> asked[2] = 1 :: else fi }
     fi;
     goto idle;
lost:
     atomic { true ->                                     /* its lease has ended */
#ifndef NO_EXPIRY
       if :: placed[i] -> placed[i] = 0; places-- :: else fi;
#endif
       working[i] = 0; held[i] = governed;
       if :: !governed -> asked[i] = 1 :: else fi }
idle: was_down = 0; ok = 0
  od
}

proctype World() {
end_over:
  do
  :: atomic { (!receiver_up) -> receiver_up = 1; break }
  :: atomic { (losses < LOSSES && asked[0]) -> asked[0] = 0; held[0] = governed; losses++;
              if :: !governed -> asked[0] = 1 :: else fi }
  od
}

proctype Sweep() {
end_over:
  do
#ifndef NO_REPAIR
  :: atomic { (held[0] && !asked[0] && !working[0] && LOOSE) -> asked[0] = 1 }
  :: atomic { (held[1] && !asked[1] && !working[1] && LOOSE) -> asked[1] = 1 }
  :: atomic { (held[2] && !asked[2] && !working[2] && LOOSE) -> asked[2] = 1 }
#endif
  :: atomic { left == 0 -> break }
  od
}

init {
  atomic {
    asked[0] = 1; asked[1] = 1; asked[2] = 1;
    run World(); run Sweep(); run Worker(0); run Worker(1); run Worker(2)
  }
}

ltl heals { [] (receiver_up -> <> (left == 0)) }
