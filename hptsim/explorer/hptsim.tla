---- MODULE $module ----
(***************************************************************************)
(* hptsim as a transition system: tuning jobs, their training jobs, and    *)
(* the quota that they reserve. Written by `hptsim diagram --tla`.         *)
(*                                                                         *)
(* What is data: the scope and the three tables, copied from hptsim.       *)
(* What is not: the meaning of guards, bookings and effects, the queue,    *)
(* the controller and the laws are stated here a second time, by hand, so  *)
(* that two statements of the rules can be compared.                       *)
(*                                                                         *)
(* A step is one command, or one event that is due, with all that it leads *)
(* to, until nothing more can be granted: as in hptsim.                    *)
(*                                                                         *)
(* Left out, and so not checked here: times and all that is counted in     *)
(* them (billing, the length of the grace window); epochs and the stopping *)
(* rules that look at them; completion criteria; what a strategy proposes; *)
(* several definitions in a tuning job; alternatives for an instance type; *)
(* preemption, and every discipline of the queue but first come, first     *)
(* served; training jobs without a tuning job, and with them warm pools;   *)
(* commands other than create and stop of a tuning job, a second stop,     *)
(* answers that are lost or late; the text of logs and of failures; what   *)
(* the auditor remembers.                                                  *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

(***************************** the scope ***********************************)
(* The tuning jobs, in the order in which they are created.                *)
Names == $names

(* number, parallel: the limits of the tuning job. limited: whether it has *)
(* a limit on its run time. needs: what each of its training jobs takes.   *)
(* streams: whether there is no download. spot: whether it can be          *)
(* interrupted. pending: whether the time in Pending is limited.           *)
(* checkpoints: whether it stores one. retries: after internal errors.     *)
Scope ==
$scope

NoLimit == -1
Limit == $limit
Budget == $budget
Reservations == $reservations
Admission == $admission
Stops == $stops
DelayedStop == $delayed_stop

(***************************** the tables **********************************)
Row(trigger, source, destination, guard, books, effects) ==
    [trigger |-> trigger, source |-> source, destination |-> destination, guard |-> guard, books |-> books,
     effects |-> effects]

TuningRows == {
$tuning}

TrainingRows == {
$training}

ReservationRows == {
$reservation}

New == "[*]"
TuningStates == $tuning_states
TrainingStates == $training_states
FinalTuning == $final_tuning
FinalTraining == $final_training
StoppingTraining == $stopping_training
Faults == $faults
NotOffered == $not_offered

(***************************** the state ***********************************)
(* tuning: the tuning jobs that were created. training: their training     *)
(* jobs, by <<tuning job, number>>. queue: the requests that wait, each as *)
(* <<tuning job, its place among the reservations of that job>>. A request *)
(* of which nothing is left is forgotten, and those behind it move up;     *)
(* hptsim numbers them for ever, which makes names only. held, used: what a tuning job has reserved, and *)
(* what of it its training jobs occupy. artifacts: <<training job, kind>>. *)
(* budget: how often each fault may still happen. broken: the laws that    *)
(* were broken within the step; after that nothing more happens.           *)
VARIABLE world

Jobs == {Names[i] : i \in DOMAIN Names}
Pools == DOMAIN Limit
Nothing == [p \in Pools |-> 0]
Place == [Nothing EXCEPT !["tuning-jobs"] = 1]
None == <<>>

Plus(a, b) == [p \in Pools |-> a[p] + b[p]]
Minus(a, b) == [p \in Pools |-> a[p] - b[p]]
Times(n, a) == [p \in Pools |-> n * a[p]]
Within(a, b) == \A p \in Pools : a[p] <= b[p]
Least(S) == CHOOSE x \in S : \A y \in S : x <= y
Greatest(S) == CHOOSE x \in S : \A y \in S : x >= y
Without(s, n) == SubSeq(s, 1, n - 1) \o SubSeq(s, n + 1, Len(s))
NoRequest == 0
Min(a, b) == IF a < b THEN a ELSE b
RECURSIVE Total(_, _)
Total(f, S) == IF S = {} THEN 0 ELSE LET x == CHOOSE x \in S : TRUE IN f[x] + Total(f, S \ {x})

NewTuning ==
    [state |-> New, admitted |-> FALSE, asked |-> 0, launched |-> 0, evaluated |-> 0, attempts |-> 0,
     live |-> {}, reservations |-> <<>>,
     launching |-> 0, finishing |-> FALSE, timed |-> FALSE, \* what is armed: launches, finish, max_runtime
     counters |-> [Completed |-> 0, InProgress |-> 0, RetryableError |-> 0, NonRetryableError |-> 0, Stopped |-> 0]]
NewTraining(job, request) ==
    [state |-> New, attempt |-> 1, retries |-> job.retries, streams |-> job.streams, stoppedBy |-> "", reason |-> "",
     saved |-> FALSE, objective |-> FALSE, promised |-> {}, lines |-> 0, request |-> request,
     armed |-> {}, stopComing |-> FALSE] \* what is armed: the triggers of its state, a stop on its way

Init == world =
    [tuning |-> None, training |-> None, queue |-> <<>>, held |-> [j \in Jobs |-> Nothing],
     used |-> [j \in Jobs |-> Nothing], artifacts |-> {}, budget |-> Budget, broken |-> {}]

Note(w, law) == [w EXCEPT !.broken = @ \union {law}]
Waiting(w, j) == {i \in DOMAIN w.queue : w.queue[i][1] = j /\ w.tuning[j].reservations[w.queue[i][2]].for = "training job"}

(***************************** the ledger **********************************)
Reserved(w) == [p \in Pools |-> Total([j \in Jobs |-> w.held[j][p]], Jobs)]
Limited(p) == Limit[p] # NoLimit
Fits(w, amounts) ==
    LET reserved == Reserved(w)
    IN  \A p \in Pools : amounts[p] > 0 /\ Limited(p) => reserved[p] + amounts[p] <= Limit[p]
Idle(w, j, amounts) == Within(amounts, Minus(w.held[j], w.used[j]))

(* First come, first served: nobody passes who waits for the same pool. A  *)
(* request for the place of a tuning job holds up none for instances.      *)
RECURSIVE Grantable(_, _, _)
Grantable(w, i, blocked) ==
    IF i > Len(w.queue) THEN None
    ELSE LET amounts == w.tuning[w.queue[i][1]].reservations[w.queue[i][2]].amounts
             wanted == {p \in Pools : amounts[p] > 0}
             placed == amounts["tuning-jobs"] = 0 \/ Fits(w, Place)
         IN  IF wanted \intersect blocked = {} /\ Fits(w, amounts) THEN w.queue[i]
             ELSE Grantable(w, i + 1, blocked \union
                            IF placed THEN {p \in wanted : Limited(p)} ELSE {"tuning-jobs"})

(***************************** the rows ************************************)
Holds(guard, one) ==
    CASE guard = "" -> TRUE
      [] guard = "some_succeeded" -> one.evaluated > 0
      [] guard = "none_succeeded" -> one.evaluated = 0
      [] guard = "downloads" -> ~one.streams
      [] guard = "streams" -> one.streams
      [] guard = "may_retry" -> one.retries > 0
      [] guard = "no_retry_left" -> one.retries = 0
      [] guard = "by_request" -> one.stoppedBy \in {"stop", "max_pending"}
      [] guard = "by_max_runtime" -> one.stoppedBy = "max_runtime"
      [] guard = "by_max_wait" -> one.stoppedBy = "max_wait"

Applying(rows, one, trigger) == {row \in rows : row.source = one.state /\ row.trigger = trigger /\ Holds(row.guard, one)}
Only(rows) == CHOOSE row \in rows : TRUE

(* What a row notes on the record of a training job. Times are left out,   *)
(* so START_TIME, and STOP_TIME of a tuning job, note nothing.             *)
Booked(job, book, row) ==
    CASE book = "STOPPED_BY" -> [job EXCEPT !.stoppedBy = row.trigger]
      [] book = "REASON" -> [job EXCEPT !.reason = row.trigger]
      [] book = "RETRY" -> [job EXCEPT !.retries = @ - 1]
      [] book = "ATTEMPT" -> [job EXCEPT !.attempt = @ + 1]
      [] book = "CHECKPOINT" -> [job EXCEPT !.promised = @ \union {"checkpoint"}]
      [] book = "SAVED" -> [job EXCEPT !.saved = TRUE, !.promised = @ \union {"model"}]
      [] book = "RESULT" -> [job EXCEPT !.objective = TRUE]
      [] book \in {"START_TIME", "UNDO"} -> job
RECURSIVE AllBooked(_, _, _)
AllBooked(job, books, row) ==
    IF books = <<>> THEN job
    ELSE AllBooked(Booked(job, Head(books), row), Tail(books), row)

RECURSIVE FireTuning(_, _, _, _), FireTraining(_, _, _), FireReservation(_, _, _, _)
RECURSIVE EffectsOnTuning(_, _, _, _), EffectsOfTraining(_, _, _), EffectsOfReservation(_, _, _, _)
RECURSIVE Proceed(_, _), FireEach(_, _, _, _), StopEach(_, _, _)

(* What the cloud may do to a training job that has just come into its     *)
(* state: all that the table knows there, a fault only within the budget.  *)
Offered(w, c) ==
    LET job == w.training[c]
        scope == Scope[c[1]]
        Left(trigger) == trigger \in DOMAIN w.budget /\ w.budget[trigger] > 0
        Possible(trigger) ==
            CASE trigger = "checkpoint" -> scope.checkpoints /\ "checkpoint" \notin job.promised
              [] trigger = "epoch" -> FALSE \* left out
              [] trigger \in {"interrupt", "max_wait"} -> scope.spot /\ Left(trigger)
              [] trigger = "max_pending" -> scope.pending /\ Left(trigger)
              [] trigger = "saved" -> ~job.saved
              [] OTHER -> trigger \in Faults => Left(trigger)
    IN  {trigger \in {row.trigger : row \in {row \in TrainingRows : row.source = job.state}} \ NotOffered : Possible(trigger)}

FireTuning(w, j, trigger, detail) ==
    LET job == w.tuning[j]
        rows == Applying(TuningRows, job, trigger)
        row == Only(rows)
        entered == IF row.destination = job.state THEN job
                   ELSE [job EXCEPT !.launching = 0, !.finishing = FALSE, !.timed = FALSE]
    IN  IF w.broken # {} THEN w
        ELSE IF Cardinality(rows) # 1 THEN Note(w, "exactly one row applies")
        ELSE EffectsOnTuning([w EXCEPT !.tuning[j] = [entered EXCEPT !.state = row.destination]], row.effects, j, detail)

FireTraining(w, c, trigger) ==
    LET job == w.training[c]
        rows == Applying(TrainingRows, job, trigger)
        row == Only(rows)
        ends == row.destination \in FinalTraining
        booked == AllBooked(job, row.books, row)
        moved == [booked EXCEPT !.state = row.destination, !.armed = {}, !.stopComing = @ /\ ~ends]
        done == EffectsOfTraining([w EXCEPT !.training[c] = moved], row.effects, c)
    IN  IF w.broken # {} THEN w
        ELSE IF Cardinality(rows) # 1 THEN Note(w, "exactly one row applies")
        ELSE IF ends THEN done
        ELSE [done EXCEPT !.training[c].armed = Offered(done, c)]

Forgotten(w, j, n) ==
    LET Now(m) == IF m > n THEN m - 1 ELSE m
        Moved(c) == IF c[1] = j THEN [w.training[c] EXCEPT !.request = Now(@)] ELSE w.training[c]
    IN  [w EXCEPT !.tuning[j].reservations = Without(@, n),
                  !.queue = [i \in DOMAIN @ |-> IF @[i][1] = j THEN <<j, Now(@[i][2])>> ELSE @[i]],
                  !.training = [c \in DOMAIN @ |-> Moved(c)]]

FireReservation(w, j, n, trigger) ==
    LET one == w.tuning[j].reservations[n]
        rows == Applying(ReservationRows, one, trigger)
        row == Only(rows)
        done == EffectsOfReservation([w EXCEPT !.tuning[j].reservations[n].state = row.destination], row.effects, j, n)
    IN  IF w.broken # {} THEN w
        ELSE IF Cardinality(rows) # 1 THEN Note(w, "exactly one row applies")
        ELSE IF row.destination \in {"Released", "Withdrawn"}
             THEN Forgotten(done, j, n)
        ELSE done

(* From the last on: what is behind a request that is forgotten moves up.  *)
FireEach(w, j, numbers, trigger) ==
    IF numbers = {} THEN w
    ELSE LET n == Greatest(numbers) IN FireEach(FireReservation(w, j, n, trigger), j, numbers \ {n}, trigger)

(***************************** the controller ******************************)
AskFor(w, j, amounts, for) ==
    LET asked == [w EXCEPT !.tuning[j].reservations = Append(@, [state |-> New, for |-> for, amounts |-> amounts])]
    IN  FireReservation(asked, j, Len(asked.tuning[j].reservations), "ask")

(* Who has nothing more to launch leaves the queue for instances of its    *)
(* own that are idle now.                                                  *)
UseIdleInsteadOfWaiting(w, j) ==
    LET reservations == w.tuning[j].reservations
        could == {n \in DOMAIN reservations : reservations[n].state = "Requested" /\ Idle(w, j, reservations[n].amounts)}
        left == FireReservation(w, j, Least(could), "withdraw")
    IN  IF Reservations = "as-observed" \/ could = {} THEN w
        ELSE [left EXCEPT !.tuning[j].asked = @ - 1, !.tuning[j].launching = @ + 1]

FinishIfNothingLives(w, j) ==
    LET job == w.tuning[j]
    IN  IF job.live # {} \/ job.finishing THEN w
        ELSE [w EXCEPT !.tuning[j].finishing = TRUE]

Proceed(w, j) ==
    LET job == w.tuning[j]
        limits == Scope[j]
        timed == job.launched = 0 /\ limits.limited /\ job.launching = 0 /\ ~job.finishing
        armed == IF timed THEN [w EXCEPT !.tuning[j].timed = TRUE] ELSE w
        waiting == Cardinality(Waiting(w, j))
        left == limits.number - job.asked - job.launching
        room == limits.parallel - Cardinality(job.live) - job.launching - waiting
        more == IF left > 0 THEN IF room > 0 THEN [armed EXCEPT !.tuning[j].launching = @ + Min(left, room)] ELSE armed
                ELSE IF waiting > 0 THEN UseIdleInsteadOfWaiting(armed, j)
                ELSE armed
        now == more.tuning[j]
    IN  IF w.broken # {} THEN w
        ELSE IF job.state # "InProgress" THEN FinishIfNothingLives(w, j)
        ELSE IF ~job.admitted THEN w
        ELSE IF job.attempts >= 5 /\ job.evaluated = 0 THEN FireTuning(w, j, "give_up", None)
        ELSE IF now.launching > 0 \/ Waiting(more, j) # {} \/ now.asked < limits.number THEN more
        ELSE FinishIfNothingLives(more, j)

(* A launch that is due: on idle instances, or by a request for quota.     *)
Launch(w, j) ==
    LET due == [w EXCEPT !.tuning[j].launching = @ - 1, !.tuning[j].asked = @ + 1]
        asked == AskFor(due, j, Scope[j].needs, "training job")
        job == asked.tuning[j]
    IN  IF Reservations # "as-observed" /\ Idle(due, j, Scope[j].needs) THEN FireTuning(due, j, "launch", NoRequest)
        ELSE IF Waiting(asked, j) # {} /\ job.asked + job.launching >= Scope[j].number
             THEN UseIdleInsteadOfWaiting(asked, j)
        ELSE asked

(* A stop reaches a training job, which may have ended or be stopping.     *)
DeliverStop(w, c) ==
    LET arrived == [w EXCEPT !.training[c].stopComing = FALSE]
    IN  IF \E row \in TrainingRows : row.source = w.training[c].state /\ row.trigger = "stop"
        THEN FireTraining(arrived, c, "stop") ELSE arrived

StopEach(w, j, numbers) ==
    IF numbers = {} THEN w
    ELSE LET c == <<j, Least(numbers)>>
             job == w.training[c]
             sent == IF job.state \in StoppingTraining \/ job.stopComing THEN w
                     ELSE IF DelayedStop THEN [w EXCEPT !.training[c].stopComing = TRUE]
                     ELSE DeliverStop(w, c)
         IN  StopEach(sent, j, numbers \ {c[2]})

RECURSIVE GrantAll(_)
GrantAll(w) ==
    LET next == Grantable(w, 1, {})
    IN  IF w.broken # {} \/ next = None THEN w ELSE GrantAll(FireReservation(w, next[1], next[2], "grant"))

(***************************** effects *************************************)
Most(j) == Times(Min(Scope[j].parallel, Scope[j].number), Scope[j].needs)

Spawn(w, j, request) ==
    LET n == w.tuning[j].launched + 1
        own == IF Reservations = "as-observed" THEN request ELSE NoRequest \* what it gives back itself
        created == [w EXCEPT !.tuning[j].launched = n, !.tuning[j].live = @ \union {n},
                             !.tuning[j].counters.InProgress = @ + 1,
                             !.training = (<<j, n>> :> NewTraining(Scope[j], own)) @@ @]
    IN  FireTraining(created, <<j, n>>, "create")

Bucket(child) ==
    IF child.state = "Completed" THEN "Completed"
    ELSE IF child.state # "Failed" THEN "Stopped"
    ELSE IF child.reason \in {"internal_error", "no_capacity"} THEN "RetryableError" ELSE "NonRetryableError"
Tally(w, j, c) ==
    LET child == w.training[c]
        found == child.objective /\ child.state # "Failed"
        tried == ~child.objective /\ child.stoppedBy # "stop"
        job == [w.tuning[j] EXCEPT !.live = @ \ {c[2]}, !.counters.InProgress = @ - 1,
                                   !.evaluated = IF found THEN @ + 1 ELSE @, !.attempts = IF tried THEN @ + 1 ELSE @]
    IN  [w EXCEPT !.tuning[j] = [job EXCEPT !.counters[Bucket(child)] = @ + 1]]

EffectOnTuning(w, effect, j, detail) ==
    LET reservations == w.tuning[j].reservations
        In(state) == {n \in DOMAIN reservations : reservations[n].state = state}
    IN  CASE effect = "ASK" -> AskFor(w, j, IF Reservations = "upfront" THEN Plus(Place, Most(j)) ELSE Place, "tuning job")
          [] effect = "PROCEED" -> Proceed(w, j)
          [] effect = "SPAWN" -> Spawn(w, j, detail)
          [] effect = "TALLY" -> Tally(w, j, detail)
          [] effect = "WITHDRAW" -> FireEach(w, j, In("Requested"), "withdraw")
          [] effect = "STOP_CHILDREN" -> StopEach(w, j, w.tuning[j].live)
          [] effect = "RELEASE" -> FireEach(w, j, In("Held"), "release")
EffectsOnTuning(w, effects, j, detail) ==
    IF effects = <<>> \/ w.broken # {} THEN w
    ELSE EffectsOnTuning(EffectOnTuning(w, Head(effects), j, detail), Tail(effects), j, detail)

(* SIGTERM writes a signal to the journal, which is left out, FALL_BACK    *)
(* looks for another instance type, of which there is none here.           *)
EffectOfTraining(w, effect, c) ==
    LET j == c[1]
        child == w.training[c]
        needs == Scope[j].needs
    IN  CASE effect = "OCCUPY" -> [w EXCEPT !.used[j] = Plus(@, needs)]
          [] effect = "VACATE" ->
                LET free == [w EXCEPT !.used[j] = Minus(@, needs), !.training[c].request = NoRequest]
                IN  IF ~Within(needs, w.used[j]) THEN Note(w, "occupancy within reservation")
                    ELSE IF Reservations = "as-observed" THEN FireReservation(free, j, child.request, "release")
                    ELSE free
          [] effect = "TELL" -> FireTuning(w, j, "child_ended", c)
          [] effect = "LOG" -> [w EXCEPT !.training[c].lines = @ + 1]
          [] effect = "PERSIST" -> IF child.saved THEN [w EXCEPT !.artifacts = @ \union {<<c, "model">>}] ELSE w
          [] effect = "SYNC" -> [w EXCEPT !.artifacts = @ \union {<<c, "checkpoint">>}]
          [] effect \in {"SIGTERM", "FALL_BACK"} -> w
EffectsOfTraining(w, effects, c) ==
    IF effects = <<>> \/ w.broken # {} THEN w
    ELSE EffectsOfTraining(EffectOfTraining(w, Head(effects), c), Tail(effects), c)

EffectOfReservation(w, effect, j, n) ==
    LET one == w.tuning[j].reservations[n]
    IN  CASE effect = "QUEUE" -> [w EXCEPT !.queue = Append(@, <<j, n>>)]
          [] effect = "DEQUEUE" ->
                IF \E i \in DOMAIN w.queue : w.queue[i] = <<j, n>>
                THEN LET Other(request) == request # <<j, n>> IN [w EXCEPT !.queue = SelectSeq(@, Other)]
                ELSE Note(w, "nobody waits twice")
          [] effect = "RESERVE" -> [w EXCEPT !.held[j] = Plus(@, one.amounts)]
          [] effect = "CONTINUE" -> IF one.for = "training job" THEN FireTuning(w, j, "launch", n)
                                    ELSE Proceed([w EXCEPT !.tuning[j].admitted = TRUE], j)
          [] effect = "FREE" ->
                IF ~Within(one.amounts, w.held[j]) THEN Note(w, "released at the end, exactly once")
                ELSE IF ~Within(one.amounts, Minus(w.held[j], w.used[j])) THEN Note(w, "occupancy within reservation")
                ELSE [w EXCEPT !.held[j] = Minus(@, one.amounts)]
EffectsOfReservation(w, effects, j, n) ==
    IF effects = <<>> \/ w.broken # {} THEN w
    ELSE EffectsOfReservation(EffectOfReservation(w, Head(effects), j, n), Tail(effects), j, n)

(***************************** the steps ***********************************)
Created == DOMAIN world.tuning
Admitted(j) ==
    LET whole == Plus(Place, Most(j))
        most == IF Reservations = "upfront" THEN whole ELSE Plus(Place, Scope[j].needs)
    IN  IF Admission = "reject" THEN Fits(world, whole)
        ELSE \A p \in Pools : Limited(p) => most[p] <= Limit[p]

Create(j) ==
    /\ Cardinality(Created) < Len(Names) /\ Names[Cardinality(Created) + 1] = j
    /\ Admitted(j)
    /\ world' = GrantAll(FireTuning([world EXCEPT !.tuning = (j :> NewTuning) @@ @], j, "create", None))

Stop(j) ==
    /\ Stops /\ j \in Created /\ world.tuning[j].state \notin FinalTuning \union {"Stopping"}
    /\ world' = GrantAll(FireTuning(world, j, "stop", None))

(* What is due for a tuning job.                                           *)
Due(j, trigger) ==
    LET job == world.tuning[j]
        fired == [world EXCEPT !.tuning[j].finishing = @ /\ trigger # "finish",
                               !.tuning[j].timed = @ /\ trigger # "max_runtime"]
    IN  /\ j \in Created
        /\ CASE trigger = "launch" -> job.launching > 0
             [] trigger = "finish" -> job.finishing
             [] trigger = "max_runtime" -> job.timed
        /\ world' = GrantAll(IF trigger = "launch" THEN Launch(world, j) ELSE FireTuning(fired, j, trigger, None))

(* What the cloud does to a training job; a fault uses up the budget.      *)
Happens(c, trigger) ==
    LET fault == trigger \in Faults
        spent == IF fault THEN [world EXCEPT !.budget[trigger] = @ - 1] ELSE world
    IN  /\ c \in DOMAIN world.training /\ trigger \in world.training[c].armed
        /\ fault => world.budget[trigger] > 0
        /\ world' = GrantAll(FireTraining(spent, c, trigger))

StopArrives(c) ==
    /\ c \in DOMAIN world.training /\ world.training[c].stopComing
    /\ world' = GrantAll(DeliverStop(world, c))

Numbered == UNION {{<<j, n>> : n \in 1 .. Scope[j].number} : j \in Jobs}
Next ==
    \/ \E j \in Jobs : Create(j)
    \/ \E j \in Jobs : Stop(j)
    \/ \E j \in Jobs, trigger \in {"launch", "finish", "max_runtime"} : Due(j, trigger)
    \/ \E c \in Numbered, trigger \in {row.trigger : row \in TrainingRows} : Happens(c, trigger)
    \/ \E c \in Numbered : StopArrives(c)

Spec == Init /\ [][Next]_world

(***************************** the laws of safety **************************)
Ended(j) == world.tuning[j].state \in FinalTuning
Over(c) == world.training[c].state \in FinalTraining
Children(j) == {c \in DOMAIN world.training : c[1] = j}
Live(j) == {c \in Children(j) : ~Over(c)}
Sum(amounts, S) == [p \in Pools |-> Total([x \in S |-> amounts[x][p]], S)]

TypeOK ==
    /\ \A j \in Created : world.tuning[j].state \in TuningStates
    /\ \A c \in DOMAIN world.training : world.training[c].state \in TrainingStates
ExactlyOneRowApplies == "exactly one row applies" \notin world.broken
NobodyWaitsTwice ==
    /\ "nobody waits twice" \notin world.broken
    /\ \A a, b \in DOMAIN world.queue : world.queue[a] = world.queue[b] => a = b
QuotaNeverExceeded == \A p \in Pools : Limited(p) => Reserved(world)[p] <= Limit[p]
QuotaIsConserved ==
    \A j \in Created :
        LET reservations == world.tuning[j].reservations
            holding == {n \in DOMAIN reservations : reservations[n].state = "Held"}
        IN  world.held[j] = Sum([n \in holding |-> reservations[n].amounts], holding)
OccupancyWithinReservation ==
    /\ "occupancy within reservation" \notin world.broken
    /\ \A j \in Jobs : Within(world.used[j], world.held[j])
ALiveTrainingJobOccupies == \A j \in Created : world.used[j] = Times(Cardinality(Live(j)), Scope[j].needs)
ReleasedAtTheEndExactlyOnce ==
    /\ "released at the end, exactly once" \notin world.broken
    /\ \A j \in Created : Ended(j) => world.held[j] = Nothing /\ world.tuning[j].reservations = None
NobodyOutlivesTheParent == \A j \in Created : Ended(j) => Live(j) = {}
ParallelWithinItsLimit == \A j \in Created : Cardinality(Live(j)) <= Scope[j].parallel
TotalWithinItsLimit == \A j \in Created : Cardinality(Children(j)) <= Scope[j].number
NobodyStoppingWaits ==
    \A i \in DOMAIN world.queue : world.tuning[world.queue[i][1]].state = "InProgress"
NobodyWaitsWhileQuotaIsIdle == Grantable(world, 1, {}) = None
AStopReachesEveryChild ==
    \A j \in Created : world.tuning[j].state = "Stopping" =>
        \A c \in Live(j) : world.training[c].state \in StoppingTraining \/ world.training[c].stopComing
WhatWasSavedIsStored ==
    \A c \in DOMAIN world.training : Over(c) => \A kind \in world.training[c].promised : <<c, kind>> \in world.artifacts
NothingIsStoredUnsaved == \A a \in world.artifacts : a[2] \in world.training[a[1]].promised
CountersAddUp ==
    \A j \in Created :
        LET counters == world.tuning[j].counters
            In(bucket) == Cardinality({c \in Children(j) : Over(c) /\ Bucket(world.training[c]) = bucket})
        IN  \A bucket \in DOMAIN counters :
                counters[bucket] = IF bucket = "InProgress" THEN Cardinality(Live(j)) ELSE In(bucket)
(* Every attempt but the first follows an internal error or an             *)
(* interruption, and MaximumRetryAttempts counts the internal errors.      *)
Interruptions == IF "interrupt" \in DOMAIN Budget THEN Budget["interrupt"] - world.budget["interrupt"] ELSE 0
RetriesWithinTheirLimit ==
    \A c \in DOMAIN world.training :
        LET left == world.training[c].retries
        IN  left \in 0 .. Scope[c[1]].retries /\ world.training[c].attempt - 1 <= Scope[c[1]].retries - left + Interruptions
LogsOfWhatHasRun ==
    \A c \in DOMAIN world.training : world.training[c].objective => world.training[c].lines >= 2

(* When nothing is due any more every tuning job has ended: with no cycle  *)
(* of steps, every job ends.                                               *)
AtRest ==
    /\ \A j \in Created : LET job == world.tuning[j] IN job.launching = 0 /\ ~job.finishing /\ ~job.timed
    /\ \A c \in DOMAIN world.training : world.training[c].armed \subseteq Faults /\ ~world.training[c].stopComing
EveryJobEnds == AtRest => \A j \in Created : Ended(j)

(* Of steps.                                                               *)
AFinalStatusIsFinal == [][
    /\ \A j \in Created : Ended(j) => world'.tuning[j] = world.tuning[j]
    /\ \A c \in DOMAIN world.training : Over(c) => world'.training[c] = world.training[c]]_world
NoLaunchAfterAStop == [][
    \A j \in Created : world'.tuning[j].launched # world.tuning[j].launched =>
        world.tuning[j].state = "InProgress" /\ world'.tuning[j].state = "InProgress"]_world
StoppingEndsStopped == [][
    \A j \in Created : world.tuning[j].state = "Stopping" => world'.tuning[j].state \in {"Stopping", "Stopped"}]_world
(* Under "as-observed" each training job that ends gives back its own.     *)
ReservationHeldUntilTheEnd == [][
    \A j \in Created :
        LET over == {c \in Live(j) : world'.training[c].state \in FinalTraining}
            back == IF Reservations = "as-observed" THEN Times(Cardinality(over), Scope[j].needs) ELSE Nothing
        IN  world'.tuning[j].state \in FinalTuning \/ Within(Minus(world.held[j], back), world'.held[j])]_world
ArtifactsNeverVanish == [][world.artifacts \subseteq world'.artifacts]_world
LogsPersist == [][
    \A c \in DOMAIN world.training : world.training[c].lines <= world'.training[c].lines]_world
====
