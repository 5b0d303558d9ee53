package dev.millrace.job.io;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PhysicalStateHandleID;
import org.apache.flink.runtime.state.StateBackendFactory;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;

/**
 * Flink's RocksDB on {@link CheckedStorage}: RocksDB's files come back without the checksums at
 * their ends, and not at all if they were changed or cut.
 */
final class CheckedRocksDb extends EmbeddedRocksDBStateBackend {

  /** Flink finds it by its name. */
  public static final class Factory implements StateBackendFactory<CheckedRocksDb> {
    @Override
    public CheckedRocksDb createFromConfig(ReadableConfig config, ClassLoader classLoader) {
      return new CheckedRocksDb(new CheckedRocksDb(), config, classLoader);
    }
  }

  private CheckedRocksDb() {}

  private CheckedRocksDb(CheckedRocksDb original, ReadableConfig config, ClassLoader classLoader) {
    super(original, config, classLoader);
  }

  @Override
  public CheckedRocksDb configure(ReadableConfig config, ClassLoader classLoader) {
    return new CheckedRocksDb(this, config, classLoader);
  }

  @Override
  public <K> AbstractKeyedStateBackend<K> createKeyedStateBackend(
      KeyedStateBackendParameters<K> parameters) throws IOException {
    First first = new First(new AtomicReference<>());
    List<KeyedStateHandle> checked = new ArrayList<>();
    for (KeyedStateHandle handle : parameters.getStateHandles()) {
      checked.add(
          handle instanceof IncrementalRemoteKeyedStateHandle files
              ? checked(files, first)
              : handle);
    }
    try {
      return super.createKeyedStateBackend(
          new KeyedStateBackendParametersImpl<>(parameters).setStateHandles(checked));
    } catch (IOException e) {
      throw first.or(e);
    }
  }

  private static KeyedStateHandle checked(IncrementalRemoteKeyedStateHandle files, First first) {
    return IncrementalRemoteKeyedStateHandle.restore(
        files.getBackendIdentifier(),
        files.getKeyGroupRange(),
        files.getCheckpointId(),
        checked(files.getSharedState(), first),
        checked(files.getPrivateState(), first),
        files.getMetaDataStateHandle(),
        files.getCheckpointedSize(),
        files.getStateHandleId());
  }

  private static List<HandleAndLocalPath> checked(List<HandleAndLocalPath> files, First first) {
    List<HandleAndLocalPath> checked = new ArrayList<>();
    for (HandleAndLocalPath file : files) {
      checked.add(HandleAndLocalPath.of(new Checked(file.getHandle(), first), file.getLocalPath()));
    }
    return checked;
  }

  /**
   * What went wrong first. Flink reads several files at once, stops them all when one fails, and
   * may name one that it stopped.
   */
  private record First(AtomicReference<IOException> problem) implements Serializable {
    void is(IOException e) {
      problem.compareAndSet(null, e);
    }

    IOException or(IOException e) {
      IOException first = problem.get();
      return first == null ? e : first;
    }
  }

  /** Names no path: Flink would copy the file whole where the file system can. */
  private record Checked(StreamStateHandle real, First first) implements StreamStateHandle {
    @Override
    public FSDataInputStream openInputStream() throws IOException {
      String name = real.getStreamStateHandleID().getKeyString();
      try {
        return new CheckedInput(real.openInputStream(), name, real.getStateSize(), first::is);
      } catch (IOException e) {
        first.is(e);
        throw e;
      }
    }

    @Override
    public Optional<byte[]> asBytesIfInMemory() {
      return Optional.empty();
    }

    @Override
    public PhysicalStateHandleID getStreamStateHandleID() {
      return real.getStreamStateHandleID();
    }

    @Override
    public void discardState() throws Exception {
      real.discardState();
    }

    @Override
    public long getStateSize() {
      return real.getStateSize();
    }
  }
}
