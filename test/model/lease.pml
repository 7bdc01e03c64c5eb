/*
 * One delivery: its row, its messages, its workers. Claim, attempt and settle, and what happens when a worker dies or
 * sleeps, when somebody else's transaction has the row, when the database is away and an outcome has to travel by message.
 * `npm run model` checks every property of it with spin, and that each mutant breaks one.
 *
 *   ZOMBIES         a worker may outlive its lease (a frozen process): requests may overlap then, nothing else may break
 *   UNFENCED        mutant: the settle asks for no token
 *   COUNT_AT_SETTLE mutant: the attempt is counted when its outcome is recorded
 *   NO_SWEEP        mutant: nobody puts back what lost its message
 *   NO_BURY         mutant: nobody ends what used up its attempts without a report
 *   LOCKED_IS_DONE  mutant: a settle that found the row locked is taken for recorded
 *   TOLD_UNFENCED   mutant: an outcome that comes by message needs no token
 *   LOCKED_IS_GONE  mutant: a claim that finds the row locked drops its message, and nobody sweeps
 *   OPERATOR        somebody cancels it, erases it, redelivers it and stops the redelivery, at any time
 *   CANCEL_UNHEARD  mutant: of one in flight a cancellation changes nothing
 *   ERASE_AT_ONCE   mutant: what is in flight is erased like the rest
 *   STOP_BLINDLY    mutant: a stop takes back whatever the redelivery has brought back
 */
#ifndef MAX
#define MAX 2      /* attempts allowed */
#endif
/* With an operator there is less of everything else: each multiplies the states by ten. */
#ifdef OPERATOR
#define CRASHES 1
#define LOSSES 0
#define LOCKS 1
#else
#define CRASHES 2  /* workers that die */
#define LOSSES 1   /* messages that are lost */
#define LOCKS 2    /* transactions of somebody else's */
#endif

mtype = { NONE, PENDING, SUCCEEDED, DEAD };
mtype status = NONE;
byte attempts = 0, token = 0, next_token = 1;
bool leased = 0;        /* somebody may be at it: the lease has not run out */
bool reported = 1;      /* the claim of `token` is settled: my token, no expiry */
bool due = 0, locked = 0;
byte lost[MAX + 2];           /* of each attempt, the token of a claim that never reported */
byte asks = 0;          /* messages that ask for the delivery */
byte told = 0;          /* the token of an outcome on its way by message; 0: there is none */
byte told_attempt = 0;
bool told_ok = 0, told_final = 0;
byte on_the_wire = 0, requests = 0, accepted = 0, working = 0;
byte crashes = 0, losses = 0, locks = 0;
bool cancelled = 0, erased = 0, erase_at_end = 0;
bool brought_back = 0; byte before = 0, lives = 0;  /* by a redelivery, with so many attempts made until then */
byte limit = MAX;             /* attempts allowed by now */
bool known_ok = 0;      /* the database has answered some settle of a 2xx otherwise than `locked` */

#define CAN_CRASH (crashes < CRASHES)
#ifdef COUNT_AT_SETTLE
#define MAY_CLAIM true
#else
#define MAY_CLAIM (attempts < limit)
#endif

/* The settle statement: an outcome under token t of attempt n. `written`: it comes by message. */
inline settle(t, n, ok, final, written) {
  if
#ifdef UNFENCED
  :: true ->
#else
#ifdef TOLD_UNFENCED
  :: (status == PENDING && ((token == t && !reported) || written)) ->
#else
  :: (status == PENDING && token == t && !reported) ->
#endif
#endif
#ifdef COUNT_AT_SETTLE
     attempts = n;
#endif
     leased = 0; reported = 1; due = 0;
     if :: ok -> status = SUCCEEDED; known_ok = true
        :: (!ok && (final || n >= limit || cancelled)) -> status = DEAD
        :: else -> skip
     fi
  :: else ->
     if :: (ok && (!written || lost[n] == t || token == t)) ->
           known_ok = true;
           if :: status != SUCCEEDED -> status = SUCCEEDED; leased = 0; reported = 1; due = 0; token = t
              :: else -> skip
           fi
        :: else -> skip
     fi
  fi
}

proctype Worker() {
  byte t; byte n; bool ok; bool final;
  do
  :: atomic { asks > 0 -> if :: asks-- :: skip fi }      /* or it comes again, as queues do */
     /* --- claim: one statement, which skips the row where somebody else has it --- */
     atomic {
       if
       :: locked ->
#ifndef LOCKED_IS_GONE
          if :: asks < 3 -> asks++ :: else fi;            /* put off: asked for again later */
#endif
          goto idle
       :: else
       fi;
       if
       :: (status == PENDING && !leased && due && MAY_CLAIM) ->
          if :: (attempts > 0 && !reported) -> lost[attempts] = token :: else fi;
          leased = 1; reported = 0; token = next_token; t = next_token; next_token++; working++;
#ifdef COUNT_AT_SETTLE
          n = attempts + 1;
#else
          attempts++; n = attempts;
#endif
          assert(!cancelled && !erased)                   /* nobody claims what was cancelled or erased */
       :: else -> goto idle
       fi
     }
     if :: atomic { CAN_CRASH -> crashes++; working--; goto idle } :: true fi;
     /* --- the request --- */
     atomic {
       on_the_wire++; requests++;
#ifndef ZOMBIES
       assert(on_the_wire == 1);                          /* never two requests in flight */
#endif
       assert(requests <= limit)                            /* at most max_attempts requests */
     }
     if :: ok = true; final = false; accepted++ :: ok = false; final = false :: ok = false; final = true fi;
     if :: atomic { CAN_CRASH -> crashes++; on_the_wire--; working--; goto idle } :: true fi;
     on_the_wire--;
     /* --- settle: asked again while the row is locked, told by message when time is up --- */
     do
     :: atomic { (!locked) -> settle(t, n, ok, final, false); working--; break }
#ifdef LOCKED_IS_DONE
     :: atomic { locked -> known_ok = known_ok || ok; working--; break }
#else
     :: atomic { locked -> skip }
#endif
     :: atomic { told == 0 -> told = t; told_attempt = n; told_ok = ok; told_final = final; working--; break }
     :: atomic { CAN_CRASH -> crashes++; working--; goto idle }
     od;
     if :: atomic { CAN_CRASH -> crashes++; goto idle }
        :: atomic { (status == PENDING && asks < 3) -> asks++ }
        :: true
     fi;
idle: t = 0; n = 0; ok = 0; final = 0
  od
}

/* Whoever receives the message with an outcome. */
proctype Teller() {
  do
  :: atomic { (told != 0 && !locked) ->
       settle(told, told_attempt, told_ok, told_final, true);
       told = 0; told_attempt = 0; told_ok = 0; told_final = 0;
       if :: (status == PENDING && asks < 3) -> asks++ :: else fi }
  :: atomic { (told != 0 && losses < LOSSES) -> losses++; told = 0; told_attempt = 0; told_ok = 0; told_final = 0 }
  od
}

/* The database's clock, the queue's losses, somebody else's transactions. */
proctype World() {
  do
  :: atomic { (status == PENDING && !due) -> due = 1 }
#ifdef ZOMBIES
  :: atomic { leased -> leased = 0 }
#else
  :: atomic { (leased && working == 0) -> leased = 0 }      /* the request goes out only if it fits before the lease's end */
#endif
  :: atomic { (asks > 0 && losses < LOSSES) -> asks--; losses++ }
  :: atomic { (!locked && locks < LOCKS) -> locked = 1; locks++ }
  :: atomic { locked -> locked = 0 }
  od
}

proctype Sweep() {
  do
#ifndef NO_SWEEP
  :: atomic { (status == PENDING && !leased && due && !locked && asks == 0 && MAY_CLAIM) -> asks++ }
#ifndef NO_BURY
#ifndef COUNT_AT_SETTLE
  :: atomic { (status == PENDING && !leased && due && !locked && attempts >= limit) ->
       lost[attempts] = token; token = 0; reported = 1; status = DEAD; due = 0 }
#endif
#endif
#endif
  :: atomic { (erase_at_end && status != PENDING && !locked) -> erased = 1; erase_at_end = 0 }
  :: atomic { (status == SUCCEEDED || status == DEAD) -> skip }
  od
}

/* Each of what an operator can do is a statement of its own, and waits for nobody. */
proctype Operator() {
#ifdef OPERATOR
  do
  :: atomic { (status == PENDING && !locked && !cancelled) ->          /* cancel, or erase: what is pending is cancelled first */
       if :: leased ->
#ifndef CANCEL_UNHEARD
            limit = attempts;
#endif
            cancelled = 1;
            if :: erase_at_end = 1 :: true fi
          :: else ->
            if :: (attempts > 0 && !reported) -> lost[attempts] = token :: else fi;
            cancelled = 1; status = DEAD; due = 0; token = 0; reported = 1;
            if :: erased = 1 :: true fi
       fi;
#ifdef ERASE_AT_ONCE
       if :: erase_at_end -> erased = 1 :: else fi;
#endif
     }
  :: atomic { (status == DEAD && !locked && !erased && !erase_at_end && lives == 0) ->        /* redeliver, once */
       lives++; brought_back = 1; before = attempts; limit = attempts + 1; cancelled = 0;
       status = PENDING; due = 1; token = 0; reported = 1;
       if :: asks < 3 -> asks++ :: true fi }
#ifdef STOP_BLINDLY
  :: atomic { (status == PENDING && brought_back && !locked && !leased) ->
#else
  :: atomic { (status == PENDING && brought_back && !locked && !leased && attempts == before) ->     /* stop */
#endif
       assert(attempts == before);                        /* nobody has attempted it since */
       brought_back = 0; status = DEAD; due = 0; limit = attempts }
  :: atomic { (status == SUCCEEDED || erased) -> break }
  od
#endif
  skip
}

init {
  atomic {
    status = PENDING; due = 1;                            /* the row is committed, then the message sent, or not */
    if :: asks = 1 :: true fi;
    run World(); run Sweep(); run Teller(); run Worker(); run Worker(); run Operator()
  }
}

ltl absorbs  { [] ((status == SUCCEEDED) -> [] (status == SUCCEEDED)) }
#ifdef OPERATOR
ltl dead     { [] ((status == DEAD && lives > 0) -> [] (status == DEAD || status == SUCCEEDED)) }
#else
ltl dead     { [] ((status == DEAD) -> [] (status == DEAD || status == SUCCEEDED)) }
#endif
ltl erases   { [] (erased -> [] (erased && status != PENDING)) }
ltl honest   { [] ((status == SUCCEEDED) -> (accepted > 0)) }
ltl kept     { [] (known_ok -> <> (status == SUCCEEDED)) }
ltl ends     { [] ((status == PENDING) -> <> (status == SUCCEEDED || status == DEAD)) }
