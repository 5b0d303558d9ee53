package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.RocksDBConfigurableOptions;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.Collector;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.CompactionStyle;

class CheckedRocksDbTest {

  private static final int DOMAINS = 50;
  private static final int STATE_BYTES = 10_000;
  private static final int MAX_PARALLELISM = 8;

  @TempDir Path folder;

  /** Where a checkpoint names a file of one before, this knows which. */
  private final SharedStateRegistry coordinators = new SharedStateRegistryImpl();

  private static final class Harness
      extends KeyedOneInputStreamOperatorTestHarness<Integer, Integer, Integer> {
    Harness(int subtasks, int subtask) throws Exception {
      super(
          new KeyedProcessOperator<>(new Learning()),
          domain -> domain,
          Types.INT,
          MAX_PARALLELISM,
          subtasks,
          subtask);
    }

    void learn(int domain) throws Exception {
      processElement(new StreamRecord<>(domain));
    }

    List<Integer> learned() {
      return extractOutputValues();
    }
  }

  /** Says how often a domain has come, which it keeps in a state that is large and all new. */
  private static final class Learning extends KeyedProcessFunction<Integer, Integer, Integer> {
    private transient ValueState<byte[]> state;

    @Override
    public void open(OpenContext context) {
      state =
          getRuntimeContext()
              .getState(
                  new ValueStateDescriptor<>(
                      "learner", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    }

    @Override
    public void processElement(Integer domain, Context context, Collector<Integer> out)
        throws Exception {
      byte[] before = state.value();
      byte[] next = new byte[STATE_BYTES];
      new Random(domain).nextBytes(next);
      next[0] = (byte) (before == null ? 1 : before[0] + 1);
      state.update(next);
      out.collect((int) next[0]);
    }
  }

  /** Without compactions: one that runs in between writes what did not change once more. */
  private static StateBackend rocksDb() {
    Configuration flink = new Configuration();
    flink.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    flink.set(RocksDBConfigurableOptions.COMPACTION_STYLE, CompactionStyle.NONE);
    return new CheckedRocksDb.Factory()
        .createFromConfig(flink, CheckedRocksDbTest.class.getClassLoader());
  }

  private CheckpointStorage storage() {
    Configuration flink = new Configuration();
    flink.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.toUri().toString());
    flink.set(CheckpointingOptions.FS_SMALL_FILE_THRESHOLD, MemorySize.ZERO);
    return new CheckedStorage.Factory().createFromConfig(flink, getClass().getClassLoader());
  }

  private Harness harness(StateBackend backend, int subtasks, int subtask) throws Exception {
    Harness harness = new Harness(subtasks, subtask);
    harness.setStateBackend(backend);
    harness.setCheckpointStorage(storage());
    return harness;
  }

  private Harness restored(StateBackend backend, OperatorSubtaskState snapshot) throws Exception {
    Harness harness = harness(backend, 1, 0);
    harness.initializeState(snapshot);
    harness.open();
    return harness;
  }

  private OperatorSubtaskState complete(Harness harness, long checkpoint) throws Exception {
    OperatorSubtaskState snapshot = harness.snapshot(checkpoint, checkpoint);
    snapshot.registerSharedStates(coordinators, checkpoint);
    harness.notifyOfCompletedCheckpoint(checkpoint);
    return snapshot;
  }

  /** A checkpoint of all domains, and one after the first domain was learned again. */
  private List<OperatorSubtaskState> twoCheckpoints(StateBackend backend) throws Exception {
    try (Harness harness = harness(backend, 1, 0)) {
      harness.open();
      for (int domain = 0; domain < DOMAINS; domain++) {
        harness.learn(domain);
      }
      OperatorSubtaskState first = complete(harness, 1);
      harness.learn(0);
      return List.of(first, complete(harness, 2));
    }
  }

  @Test
  void snapshot_oneDomainOfFiftyChanged_writesItAloneWhereTheHeapWritesAll() throws Exception {
    long all = (long) DOMAINS * STATE_BYTES;
    long heap = twoCheckpoints(new HashMapStateBackend()).get(1).getCheckpointedSize();
    assertTrue(heap > all, heap + " bytes");
    List<OperatorSubtaskState> rocksDb = twoCheckpoints(rocksDb());
    assertTrue(rocksDb.get(0).getCheckpointedSize() > all);
    long second = rocksDb.get(1).getCheckpointedSize();
    assertTrue(second > STATE_BYTES && second < all / 5, second + " bytes");
  }

  @Test
  void restore_incrementalCheckpoint_hasEachDomainAndGoesOnIncrementally() throws Exception {
    OperatorSubtaskState second = twoCheckpoints(rocksDb()).get(1);
    try (Harness harness = restored(rocksDb(), second)) {
      for (int domain = 0; domain < DOMAINS; domain++) {
        harness.learn(domain);
      }
      List<Integer> expected =
          IntStream.range(0, DOMAINS).mapToObj(domain -> domain == 0 ? 3 : 2).toList();
      assertEquals(expected, harness.learned());
    }
    try (Harness harness = restored(rocksDb(), second)) {
      harness.learn(1);
      long third = complete(harness, 3).getCheckpointedSize();
      assertTrue(third < DOMAINS * STATE_BYTES / 5, third + " bytes");
    }
  }

  @Test
  void restore_scaledOutAndIn_eachDomainIsInOnePlace() throws Exception {
    OperatorSubtaskState one = twoCheckpoints(rocksDb()).get(1);
    List<OperatorSubtaskState> two = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      try (Harness harness = harness(rocksDb(), 2, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                one, MAX_PARALLELISM, 1, 2, subtask));
        harness.open();
        two.add(complete(harness, 3));
      }
    }
    OperatorSubtaskState both =
        AbstractStreamOperatorTestHarness.repackageState(two.get(0), two.get(1));
    try (Harness harness = harness(rocksDb(), 1, 0)) {
      harness.initializeState(
          AbstractStreamOperatorTestHarness.repartitionOperatorState(
              both, MAX_PARALLELISM, 2, 1, 0));
      harness.open();
      for (int domain = 0; domain < DOMAINS; domain++) {
        harness.learn(domain);
      }
      assertEquals(3, harness.learned().get(0));
      assertEquals(DOMAINS - 1, harness.learned().stream().filter(times -> times == 2).count());
    }
  }

  @Test
  void restore_savepoint_goesFromTheHeapToRocksDbAndBack() throws Exception {
    SavepointType canonical = SavepointType.savepoint(SavepointFormatType.CANONICAL);
    OperatorSubtaskState savepoint = null;
    int times = 0;
    for (StateBackend backend :
        List.of(new HashMapStateBackend(), rocksDb(), new HashMapStateBackend())) {
      try (Harness harness = harness(backend, 1, 0)) {
        if (savepoint != null) {
          harness.initializeState(savepoint);
        }
        harness.open();
        harness.learn(0);
        assertEquals(List.of(++times), harness.learned());
        savepoint =
            harness.snapshotWithLocalState(times, times, canonical).getJobManagerOwnedState();
      }
    }
  }

  @Test
  void restore_anyFileOfRocksDbChangedCutOrGone_failsByItsName() throws Exception {
    OperatorSubtaskState second = twoCheckpoints(rocksDb()).get(1);
    for (Path file : rocksDbFiles(second)) {
      byte[] whole = Files.readAllBytes(file);
      for (int at : new int[] {whole.length / 2, whole.length - 1}) {
        byte[] changed = whole.clone();
        changed[at] ^= 4;
        Files.write(file, changed);
        assertRefused(second, file.getFileName() + " is damaged: it ");
        Files.write(file, Arrays.copyOf(whole, at));
        assertRefused(second, file.getFileName() + " is damaged: it ");
      }
      assertRefused(second, "; cancel the job, and submit it from its folder of checkpoints");
      Files.delete(file);
      assertRefused(second, file.getFileName() + " ");
      Files.write(file, whole);
    }
    restored(rocksDb(), second).close();
  }

  private void assertRefused(OperatorSubtaskState snapshot, String why) {
    Exception e =
        assertThrows(
            Exception.class,
            () -> {
              try (Harness harness = restored(rocksDb(), snapshot)) {
                harness.learn(0);
              }
            });
    assertTrue(ExceptionUtils.findThrowableWithMessage(e, why).isPresent(), e::toString);
  }

  private static List<Path> rocksDbFiles(OperatorSubtaskState snapshot) {
    var handle =
        (IncrementalRemoteKeyedStateHandle) snapshot.getManagedKeyedState().iterator().next();
    return Stream.concat(handle.getSharedState().stream(), handle.getPrivateState().stream())
        .map(file -> file.getHandle().maybeGetPath().orElseThrow())
        .map(path -> Path.of(path.getPath()))
        .toList();
  }

  @Test
  void choose_sharedFileOfTheNewestChangedOrGone_isTheOneBefore() throws Exception {
    List<OperatorSubtaskState> both = twoCheckpoints(rocksDb());
    JobID job = new JobID();
    writeMetadata(job, 1, both.get(0));
    writeMetadata(job, 2, both.get(1));
    String jobsFolder = folder.resolve(job.toHexString()).toUri().toString();
    List<String> kept = KeptCheckpoints.newestFirst(jobsFolder);
    List<String> ofBoth = KeptCheckpoints.files(kept.get(1));
    Path later =
        KeptCheckpoints.files(kept.get(0)).stream()
            .filter(file -> !ofBoth.contains(file))
            .map(file -> Path.of(URI.create(file).getPath()))
            .filter(file -> file.getParent().endsWith("shared"))
            .findFirst()
            .orElseThrow();
    List<String> said = new ArrayList<>();
    assertTrue(KeptCheckpoints.choose(jobsFolder, said::add).endsWith("/chk-2"));
    Files.write(later, new byte[] {1}, StandardOpenOption.APPEND);
    assertTrue(KeptCheckpoints.choose(jobsFolder, said::add).endsWith("/chk-1"));
    Files.delete(later);
    assertTrue(KeptCheckpoints.choose(jobsFolder, said::add).endsWith("/chk-1"));
    String name = "chk-2 is damaged: " + later.getFileName();
    assertEquals(List.of(name + " has no checksum at its end", name + " is missing"), said);
  }

  private void writeMetadata(JobID job, long checkpoint, OperatorSubtaskState snapshot)
      throws IOException {
    OperatorState operator =
        new OperatorState("learn", "learn", new OperatorID(), 1, MAX_PARALLELISM);
    operator.putState(0, snapshot);
    var access = storage().createCheckpointStorage(job);
    access.initializeBaseLocationsForCheckpoint();
    var location = access.initializeLocationForCheckpoint(checkpoint);
    try (var metadata = location.createMetadataOutputStream()) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(checkpoint, List.of(operator), List.of()), metadata);
      metadata.closeAndFinalizeCheckpoint();
    }
  }
}
