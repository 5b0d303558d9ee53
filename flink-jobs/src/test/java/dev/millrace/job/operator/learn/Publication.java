package dev.millrace.job.operator.learn;

import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Two trainers, a store, the topic of releases, people and two servers, reduced to the steps whose
 * order matters: any enabled step may be next, and trainers and servers may be killed between any
 * two. Which event a server follows is decided by the real {@link SwapRule}; the files of a release
 * are written in the order in which the real store was seen to write them.
 *
 * <p>As Kafka has it, an event has its place on the topic when it is written, is seen when its
 * transaction is committed, and until then nobody reads past it.
 */
final class Publication {

  /** A mistake that such a protocol can have, to see that it would be found. */
  enum Flaw {
    NONE,
    /** The event is written while files of the release are missing. */
    EVENT_BEFORE_FOLDER,
    /** The manifest, by which a release is known to be whole, is not written last. */
    MANIFEST_FIRST,
    /** Events are seen before the checkpoint that holds the state behind them. */
    OUTSIDE_THE_TRANSACTION,
    /** A server takes whatever is published. */
    EVERYTHING_SERVES,
    /** A server that begins again forgets what it had read but not loaded. */
    LOADING_FORGOTTEN,
    /** A server looks at what an event follows, not at what its trainer had read. */
    PARENT_ALONE
  }

  private static final int BATCHES = 3;
  private static final int MORE_BATCHES = 3;
  private static final int TRAINERS = 2;
  private static final int SERVERS = 2;
  private static final int MOST_EVENTS = 64;
  private static final int BASE = -1;
  private static final int NOTHING = -2;
  private static final String DOMAIN = "domain";

  /** What is known of every release that any schedule led to: they are few. */
  private static final class Releases {
    private final Map<Long, Integer> ids = new HashMap<>();
    private final List<Integer> parents = new ArrayList<>();
    private final List<Integer> batches = new ArrayList<>();
    private final Map<Long, ReleaseEvent> events = new HashMap<>();

    /** The same parent, batch and way of learning lead to the same release. */
    int id(int parent, int batch, int way) {
      return ids.computeIfAbsent(
          ((long) parent + 1) << 16 | (long) batch << 8 | way,
          key -> {
            parents.add(parent);
            batches.add(batch);
            return parents.size() - 1;
          });
    }

    ReleaseEvent event(Action action, int release, int offset, int epoch, int read) {
      return events.computeIfAbsent(
          (((kind(action) << 16 | release + 1) << 8 | offset) << 4 | epoch) << 8 | read + 2,
          key -> make(action, release, offset, epoch, read));
    }

    private ReleaseEvent make(Action action, int release, int offset, int epoch, int read) {
      ReleaseEvent event =
          new ReleaseEvent(
              null,
              DOMAIN,
              ReleaseEvent.Kind.ADAPTER,
              action,
              name(release),
              "",
              release == BASE || parents.get(release) == BASE ? null : name(parents.get(release)),
              release == BASE ? 0 : batches.get(release),
              "",
              new Origin("releases", 0, offset));
      return epoch == 0 ? event : event.withEpoch(epoch).withRead((long) read);
    }

    private static long kind(Action action) {
      return action == Action.PUBLISH ? 0 : action == Action.PIN ? 1 : 2;
    }

    private static String name(int release) {
      return release == BASE ? "" : "r" + release;
    }
  }

  /** What a trainer's checkpoint holds. */
  private static final class TrainerState {
    private int release = BASE;
    private int before = NOTHING;
    private int batch;
    private int read;
    private int obeyed = -1;
    private boolean pinned;

    void set(TrainerState other) {
      release = other.release;
      before = other.before;
      batch = other.batch;
      read = other.read;
      obeyed = other.obeyed;
      pinned = other.pinned;
    }

    void clear() {
      set(new TrainerState());
    }
  }

  private final class Trainer {
    private final int epoch;
    private final TrainerState state = new TrainerState();
    private final TrainerState begun = new TrainerState();
    private final TrainerState complete = new TrainerState();
    private boolean started;
    private boolean failed;
    private boolean changed;
    private boolean checkpointing;
    private int publishing;
    private int files;
    private boolean stored;
    private int crashes;

    /** Events on the topic, from where on each is in an open, a prepared, a complete checkpoint. */
    private final int[] events = new int[MOST_EVENTS];

    private int written;
    private int prepared;
    private int completed;
    private int committed;

    Trainer(int epoch) {
      this.epoch = epoch;
    }

    void clear() {
      state.clear();
      begun.clear();
      complete.clear();
      started = false;
      failed = false;
      changed = false;
      checkpointing = false;
      publishing = NOTHING;
      crashes = 0;
      written = 0;
      prepared = 0;
      completed = 0;
      committed = 0;
    }

    boolean runs() {
      return started && !failed;
    }

    boolean mayLearn() {
      return runs() && publishing == NOTHING && !state.pinned && state.batch < batches;
    }

    /** What comes of a batch is a function of it and of what was learned before. */
    void learn() {
      int way = diverging ? epoch : 0;
      long draw = mix(schedule ^ mix(state.release * 64L + state.batch * 4L + way));
      int kind = draining ? 0 : (int) ((draw >>> 40) % 8);
      if (kind == 7 && state.before != NOTHING) {
        takeBack();
      } else if (kind == 6) {
        state.batch++;
        changed = true;
      } else {
        publishing = releases.id(state.release, state.batch, way);
        stored = (store[publishing] & 1 << manifestAt) != 0; // it is there already, or so it seems
        files = 0;
      }
    }

    private void takeBack() {
      int to = state.before;
      write(Action.ROLLBACK, to);
      state.release = to;
      state.before = NOTHING;
      state.batch++;
      changed = true;
    }

    boolean mayWriteFile() {
      return runs() && publishing != NOTHING && !stored;
    }

    void writeFile() {
      if (store[publishing] == 0) {
        touched[touches++] = publishing;
      }
      store[publishing] |= 1 << files++;
      stored = 1 << files > whole;
    }

    boolean mayPublish() {
      boolean early = flaw == Flaw.EVENT_BEFORE_FOLDER && publishing != NOTHING;
      return runs() && publishing != NOTHING && (stored || (early && files > 0));
    }

    void publish() {
      write(Action.PUBLISH, publishing);
      state.before = state.release;
      state.release = publishing;
      state.batch++;
      publishing = NOTHING;
      changed = true;
    }

    private void write(Action action, int named) {
      events[written++] = topic;
      ReleaseEvent event = releases.event(action, named, topic, epoch, state.read - 1);
      append(event, named, state.obeyed, flaw == Flaw.OUTSIDE_THE_TRANSACTION ? SEEN : OPEN);
    }

    boolean mayRead() {
      return runs() && state.read < topic && status[state.read] != OPEN;
    }

    /** Obeys at once; what is being learned at that moment is dropped. */
    void read() {
      int at = state.read++;
      changed = true;
      if (status[at] == ABORTED) {
        return;
      }
      ReleaseEvent event = topicEvents[at];
      if (event.epoch() > epoch) {
        failed = true;
        settle();
      } else if (event.epoch() == 0) {
        state.release = topicReleases[at];
        state.before = NOTHING;
        state.obeyed = at;
        state.pinned = event.action() == Action.PIN;
        publishing = NOTHING;
      }
    }

    boolean mayBegin() {
      return runs() && !checkpointing && (changed || prepared < written);
    }

    void begin() {
      begun.set(state);
      prepared = written;
      checkpointing = true;
      changed = false;
    }

    void complete() {
      complete.set(begun);
      completed = prepared;
      checkpointing = false;
    }

    boolean mayCommit() {
      return runs() && committed < completed;
    }

    void commit() {
      status[events[committed++]] = SEEN;
    }

    /** Begins again with the last complete checkpoint. */
    void crash() {
      crashes++;
      settle();
      prepared = completed;
      checkpointing = false;
      changed = false;
      publishing = NOTHING;
      state.set(complete);
    }

    /** The events of complete checkpoints count, others do not. */
    private void settle() {
      while (committed < completed) {
        commit();
      }
      for (int i = completed; i < written; i++) {
        if (status[events[i]] == OPEN) {
          status[events[i]] = ABORTED;
        }
      }
      written = completed;
    }

    /** Begins beside another, with what that one's last complete checkpoint held. */
    void startLike(Trainer other) {
      started = true;
      state.set(other.complete);
      complete.set(other.complete);
    }
  }

  private final class Server {
    private @Nullable ReleaseEvent followed;
    private @Nullable ReleaseEvent keptFollowed;
    private int read;
    private int loaded;
    private int keptRead;
    private int keptLoaded;
    private int order;
    private int keptOrder;
    private long latest;
    private long keptLatest;
    private int crashes;

    /** Place on the topic of what answers, and the last that a committed answer was by. */
    private int serving;

    private int keptServing;
    private int answered;

    void clear() {
      followed = null;
      keptFollowed = null;
      read = 0;
      loaded = 0;
      keptRead = 0;
      keptLoaded = 0;
      order = -1;
      keptOrder = -1;
      latest = 0;
      keptLatest = 0;
      crashes = 0;
      serving = -1;
      keptServing = -1;
      answered = -1;
    }

    boolean mayRead() {
      return read < topic && status[read] != OPEN;
    }

    boolean mayLoad() {
      return loaded < read;
    }

    void load() {
      int at = loaded++;
      if (status[at] == ABORTED) {
        return;
      }
      ReleaseEvent event =
          flaw == Flaw.PARENT_ALONE ? topicEvents[at].withRead(null) : topicEvents[at];
      String ignored =
          flaw == Flaw.EVERYTHING_SERVES ? null : SwapRule.reasonToIgnore(event, followed);
      if (ignored == null) {
        follow(event, at);
      }
    }

    private void follow(ReleaseEvent event, int at) {
      int release = topicReleases[at];
      if (release != BASE && store[release] != whole) {
        fail("an event names release " + release + ", of which files are missing");
      }
      if (event.epoch() != 0 && event.epoch() < latest) {
        fail("a trainer that was fenced off is followed");
      }
      latest = Math.max(latest, event.epoch());
      if (event.epoch() != 0 && topicObeyed[at] < order) {
        fail("what was learned before an order was obeyed is followed after it");
      }
      if (event.epoch() == 0) {
        order = at;
      }
      followed = SwapRule.followed(event, followed);
      serving = at;
    }

    /** Answers are committed with a checkpoint. */
    void checkpoint() {
      if (serving < answered) {
        fail("answers go back to an older release");
      }
      answered = serving;
      keptFollowed = followed;
      keptServing = serving;
      keptOrder = order;
      keptLatest = latest;
      keptRead = read;
      keptLoaded = flaw == Flaw.LOADING_FORGOTTEN ? read : loaded;
    }

    void crash() {
      crashes++;
      followed = keptFollowed == null ? null : SwapRule.followed(keptFollowed, null);
      serving = keptServing;
      order = keptOrder;
      latest = keptLatest;
      read = keptRead;
      loaded = keptLoaded;
    }
  }

  private static final byte OPEN = 0;
  private static final byte SEEN = 1;
  private static final byte ABORTED = 2;
  private static final int MOST_RELEASES = 1 << 15;
  private static final int MOST_CRASHES = 2;
  private static final int MOST_ORDERS = 2;

  private final Flaw flaw;
  private final int manifestAt;
  private final int whole;
  private final Releases releases = new Releases();
  private final Trainer[] trainers = new Trainer[TRAINERS];
  private final Server[] servers = new Server[SERVERS];
  private final ReleaseEvent[] topicEvents = new ReleaseEvent[MOST_EVENTS];
  private final int[] topicReleases = new int[MOST_EVENTS];
  private final int[] topicObeyed = new int[MOST_EVENTS];
  private final byte[] status = new byte[MOST_EVENTS];
  private final int[] store = new int[MOST_RELEASES];
  private final int[] touched = new int[MOST_EVENTS];
  private final int[] enabled = new int[64];
  private int touches;
  private int topic;
  private int orders;
  private int batches;
  private boolean draining;
  private boolean diverging;
  private long schedule;
  private long trace;
  private @Nullable String problem;

  /**
   * @param files of a release, in the order in which the store writes them
   * @param manifestAt the place among them of the one whose presence says that all are there
   */
  Publication(Flaw flaw, int files, int manifestAt) {
    this.flaw = flaw;
    this.manifestAt = flaw == Flaw.MANIFEST_FIRST ? 0 : manifestAt;
    whole = (1 << files) - 1;
    for (int i = 0; i < trainers.length; i++) {
      trainers[i] = new Trainer(i + 1);
    }
    for (int i = 0; i < servers.length; i++) {
      servers[i] = new Server();
    }
  }

  /**
   * One schedule, then everything that is left without another fault.
   *
   * @return what is wrong; null if nothing is
   */
  @Nullable String run(long seed, int steps) {
    clear();
    schedule = seed;
    SplittableRandom random = new SplittableRandom(seed);
    diverging = random.nextBoolean();
    boolean second = random.nextInt(4) == 0;
    for (int step = 0; step < steps && problem == null; step++) {
      int count = enable(second);
      int chosen = enabled[random.nextInt(count)];
      trace = mix(trace * 31 + chosen);
      take(chosen, random);
    }
    if (problem == null) {
      drain();
    }
    return problem;
  }

  /** Tells schedules apart. */
  long trace() {
    return trace;
  }

  private void clear() {
    for (Trainer trainer : trainers) {
      trainer.clear();
    }
    for (Server server : servers) {
      server.clear();
    }
    while (touches > 0) {
      store[touched[--touches]] = 0;
    }
    topic = 0;
    orders = 0;
    batches = BATCHES;
    draining = false;
    trace = 0;
    problem = null;
    trainers[0].started = true;
  }

  private static final int LEARN = 0;
  private static final int WRITE_FILE = 1;
  private static final int PUBLISH = 2;
  private static final int READ = 3;
  private static final int BEGIN = 4;
  private static final int COMPLETE = 5;
  private static final int COMMIT = 6;
  private static final int CRASH = 7;
  private static final int SERVER = 16;
  private static final int SERVER_LOAD = 1;
  private static final int SERVER_CHECKPOINT = 2;
  private static final int SERVER_CRASH = 3;
  private static final int ORDER = 32;
  private static final int START = 33;

  private int enable(boolean second) {
    int n = 0;
    for (int i = 0; i < trainers.length; i++) {
      n = enable(trainers[i], i * 8, n);
    }
    for (int i = 0; i < servers.length; i++) {
      n = enable(servers[i], SERVER + i * 4, n);
    }
    if (orders < MOST_ORDERS) {
      enabled[n++] = ORDER;
    }
    if (second && !trainers[1].started) {
      enabled[n++] = START;
    }
    return n;
  }

  private int enable(Trainer trainer, int at, int from) {
    int n = from;
    n = add(trainer.mayLearn(), at + LEARN, n);
    n = add(trainer.mayWriteFile(), at + WRITE_FILE, n);
    n = add(trainer.mayPublish(), at + PUBLISH, n);
    n = add(trainer.mayRead(), at + READ, n);
    n = add(trainer.mayBegin(), at + BEGIN, n);
    n = add(trainer.checkpointing, at + COMPLETE, n);
    n = add(trainer.mayCommit(), at + COMMIT, n);
    return add(trainer.runs() && trainer.crashes < MOST_CRASHES, at + CRASH, n);
  }

  private int enable(Server server, int at, int from) {
    int n = from;
    n = add(server.mayRead(), at, n);
    n = add(server.mayLoad(), at + SERVER_LOAD, n);
    n = add(true, at + SERVER_CHECKPOINT, n);
    return add(server.crashes < MOST_CRASHES, at + SERVER_CRASH, n);
  }

  private int add(boolean may, int step, int n) {
    enabled[n] = step;
    return may ? n + 1 : n;
  }

  private void take(int step, SplittableRandom random) {
    if (step == ORDER) {
      order(random);
    } else if (step == START) {
      trainers[1].startLike(trainers[0]);
    } else if (step >= SERVER) {
      take(servers[(step - SERVER) / 4], step % 4);
    } else {
      take(trainers[step / 8], step % 8);
    }
  }

  private static void take(Trainer trainer, int step) {
    switch (step) {
      case LEARN -> trainer.learn();
      case WRITE_FILE -> trainer.writeFile();
      case PUBLISH -> trainer.publish();
      case READ -> trainer.read();
      case BEGIN -> trainer.begin();
      case COMPLETE -> trainer.complete();
      case COMMIT -> trainer.commit();
      default -> trainer.crash();
    }
  }

  private static void take(Server server, int step) {
    switch (step) {
      case 0 -> server.read++;
      case SERVER_LOAD -> server.load();
      case SERVER_CHECKPOINT -> server.checkpoint();
      default -> server.crash();
    }
  }

  /** Somebody names a release that was published, or the base. */
  private void order(SplittableRandom random) {
    int at = topic == 0 ? -1 : random.nextInt(topic);
    boolean known = at >= 0 && status[at] == SEEN && topicEvents[at].action() == Action.PUBLISH;
    int release = known ? topicReleases[at] : BASE;
    Action action = known && random.nextInt(3) == 0 ? Action.PIN : Action.ROLLBACK;
    append(releases.event(action, release, topic, 0, -2), release, -1, SEEN);
    orders++;
  }

  private void append(ReleaseEvent event, int release, int obeyed, byte how) {
    for (int i = 0; i < topic && event.epoch() != 0; i++) {
      ReleaseEvent before = topicEvents[i];
      if (status[i] == SEEN
          && before.epoch() == event.epoch()
          && before.action() == Action.PUBLISH
          && event.action() == Action.PUBLISH
          && topicReleases[i] == release) {
        fail("a release is published twice");
      }
    }
    topicEvents[topic] = event;
    topicReleases[topic] = release;
    topicObeyed[topic] = obeyed;
    status[topic++] = how;
  }

  /** Everything goes on, without another fault, until all has been learned, read and loaded. */
  private void drain() {
    draining = true;
    batches = BATCHES + MORE_BATCHES;
    for (boolean moved = true; moved && problem == null; ) {
      moved = false;
      for (Trainer trainer : trainers) {
        moved |= goOn(trainer);
      }
      for (Server server : servers) {
        while (server.mayRead()) {
          server.read++;
        }
        while (server.mayLoad() && problem == null) {
          server.load();
          moved = true;
        }
        server.checkpoint();
      }
    }
    Trainer last = trainers[1].started ? trainers[1] : trainers[0];
    String expected = Releases.name(last.state.release);
    for (Server server : servers) {
      String found = server.followed == null ? "" : server.followed.release();
      if (problem == null && !found.equals(expected)) {
        fail("in the end " + found + " answers, and learning goes on from " + expected);
      }
    }
  }

  private static boolean goOn(Trainer trainer) {
    boolean moved = false;
    while (trainer.mayRead()) {
      trainer.read();
      moved = true;
    }
    if (trainer.mayLearn()) {
      trainer.learn();
    }
    while (trainer.mayWriteFile()) {
      trainer.writeFile();
    }
    if (trainer.mayPublish()) {
      trainer.publish();
      moved = true;
    }
    if (trainer.mayBegin()) {
      trainer.begin();
    }
    if (trainer.checkpointing) {
      trainer.complete();
      moved = true;
    }
    while (trainer.mayCommit()) {
      trainer.commit();
      moved = true;
    }
    return moved;
  }

  private void fail(String what) {
    problem = what;
  }

  private static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /** What happened, an event a line. */
  String story() {
    StringBuilder story = new StringBuilder();
    for (int i = 0; i < topic; i++) {
      ReleaseEvent event = topicEvents[i];
      story.append(
          "%d %s %s of parent %s by %s, which had obeyed %d, %s%n"
              .formatted(
                  i,
                  event.action(),
                  event.release(),
                  event.parent(),
                  event.epoch() == 0 ? "people" : "trainer " + event.epoch(),
                  topicObeyed[i],
                  status[i] == SEEN ? "seen" : status[i] == OPEN ? "open" : "aborted"));
    }
    return story.toString();
  }
}
