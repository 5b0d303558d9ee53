package dev.millrace.model.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.release.FilesInMemory;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is read again once the store is away. */
class KeptFilesTest {

  private static final String FILE = "adapter";
  private static final String SIGNATURE = "signature";

  /** Of a release; far more of them are read than are kept. */
  private static final byte[] MEBIBYTE = new byte[1 << 20];

  /** Of a release: two are more than is kept in all. */
  private static final int HEAVY = 40 << 20;

  private static final int MANY = 300;

  private final Map<String, byte[]> store = new ConcurrentHashMap<>();
  private final ReleaseFiles files = new FilesInMemory(store);

  @Test
  void read_manyReleasesLater_hasWhatAnswersInEachDomain() throws IOException {
    ReleaseEvent idle = published("idle", "i1", null, 0);
    read(idle);
    for (int i = 0; i < MANY; i++) {
      read(published("busy", "b" + i, "b" + (i - 1), 0));
    }
    store.clear();
    read(idle);
    read(published("busy", "b" + (MANY - 1), null, 0));
    ReleaseEvent gone = event("busy", "b0", null, 0);
    assertThrows(IOException.class, () -> read(gone));
  }

  @Test
  void read_oneTrialAfterAnother_hasTheLastAndWhatAnswersBesideIt() throws IOException {
    ReleaseEvent answers = published("tried", "t1", null, 0);
    read(answers);
    read(published("tried", "t2", "t1", 0.5));
    ReleaseEvent trial = published("tried", "t3", "t1", 0.5);
    read(trial);
    store.clear();
    read(answers);
    read(trial);
  }

  @Test
  void read_twoReleasesHeavierThanAllThatIsKept_hasTheLast() throws IOException {
    ReleaseEvent last = event("heavy", "h2", null, 0);
    for (ReleaseEvent event : List.of(event("heavy", "h1", null, 0), last)) {
      store.put(event.uri(), new byte[HEAVY]);
      assertEquals(HEAVY, heavy(event).length);
    }
    store.clear();
    assertEquals(HEAVY, heavy(last).length);
  }

  private byte[] heavy(ReleaseEvent event) throws IOException {
    return KeptFiles.read(files, event, of -> of.read(event.uri(), HEAVY));
  }

  /** A signature is asked for once. */
  @Test
  void read_lessOfARelease_doesNotForgetTheRest() throws IOException {
    ReleaseEvent event = published("signed", "s1", null, 0);
    String signature = event.uri() + "/" + SIGNATURE;
    store.put(signature, new byte[] {7});
    assertEquals(1, KeptFiles.read(files, event, of -> of.read(signature, 1)).length);
    read(event);
    store.clear();
    assertEquals(1, KeptFiles.read(files, event, of -> of.read(signature, 1)).length);
    read(event);
  }

  /** Each file of one that hangs is waited for: of a hundred, a quarter of an hour. */
  @Test
  void read_storeThatCouldNotBeRead_isNotAskedAtOnceAgainForWhatIsKept() throws IOException {
    List<ReleaseEvent> events = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      events.add(elsewhere("hangs" + i));
      read(events.get(i));
    }
    AtomicInteger asked = new AtomicInteger();
    ReleaseFiles hanging =
        (uri, maxBytes) -> {
          asked.incrementAndGet();
          throw new IOException("no byte came");
        };
    for (ReleaseEvent event : events) {
      String uri = event.uri() + "/" + FILE;
      KeptFiles.read(hanging, event, of -> of.read(uri, MEBIBYTE.length));
    }
    assertEquals(1, asked.get());
    ReleaseEvent unread = elsewhere("unread");
    assertThrows(
        IOException.class,
        () -> KeptFiles.read(hanging, unread, of -> of.read(unread.uri() + "/" + FILE, 1)));
    assertEquals(2, asked.get(), "it may be there again");
  }

  /** In a store of its own. */
  private ReleaseEvent elsewhere(String domain) {
    ReleaseEvent event = event("elsewhere:/", domain, domain, null, 0);
    store.put(event.uri() + "/" + FILE, MEBIBYTE);
    return event;
  }

  private void read(ReleaseEvent event) throws IOException {
    byte[] read =
        KeptFiles.read(files, event, of -> of.read(event.uri() + "/" + FILE, MEBIBYTE.length));
    assertEquals(MEBIBYTE.length, read.length);
  }

  private ReleaseEvent published(
      String domain, String release, @Nullable String parent, double withheld) {
    ReleaseEvent event = event(domain, release, parent, withheld);
    store.put(event.uri() + "/" + FILE, MEBIBYTE);
    return event;
  }

  private static ReleaseEvent event(
      String domain, String release, @Nullable String parent, double withheld) {
    return event("store:/", domain, release, parent, withheld);
  }

  private static ReleaseEvent event(
      String store, String domain, String release, @Nullable String parent, double withheld) {
    ReleaseEvent event =
        new ReleaseEvent(
            null,
            domain,
            Kind.ADAPTER,
            Action.PUBLISH,
            release,
            store + release,
            parent,
            1,
            "test",
            Origin.UNWRITTEN);
    return withheld > 0 ? event.withholding(withheld) : event;
  }
}
