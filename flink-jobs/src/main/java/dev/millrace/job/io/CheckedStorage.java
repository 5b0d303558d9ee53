package dev.millrace.job.io;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.CheckpointMetadataOutputStream;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStateToolset;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.CheckpointStorageFactory;
import org.apache.flink.runtime.state.CheckpointStorageLocation;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;

/**
 * Flink's checkpoints in files, each of which ends with a checksum. A job that is told to go on
 * from a checkpoint of which a file was changed or cut is refused, by the name of that file.
 *
 * @param real where they are kept
 */
record CheckedStorage(FileSystemCheckpointStorage real) implements CheckpointStorage {

  /** Flink finds it by its name. */
  public static final class Factory implements CheckpointStorageFactory<CheckpointStorage> {
    @Override
    public CheckpointStorage createFromConfig(ReadableConfig config, ClassLoader classLoader) {
      return new CheckedStorage(FileSystemCheckpointStorage.createFromConfig(config, classLoader));
    }
  }

  @Override
  public CompletedCheckpointStorageLocation resolveCheckpoint(String pointer) throws IOException {
    CompletedCheckpointStorageLocation found = real.resolveCheckpoint(pointer);
    KeptCheckpoints.requireWhole(new Path(found.getExternalPointer()));
    return found;
  }

  @Override
  public CheckpointStorageAccess createCheckpointStorage(JobID job) throws IOException {
    return new Access(this, real.createCheckpointStorage(job));
  }

  private record Access(CheckedStorage storage, CheckpointStorageAccess real)
      implements CheckpointStorageAccess {

    @Override
    public boolean supportsHighlyAvailableStorage() {
      return real.supportsHighlyAvailableStorage();
    }

    @Override
    public boolean hasDefaultSavepointLocation() {
      return real.hasDefaultSavepointLocation();
    }

    @Override
    public CompletedCheckpointStorageLocation resolveCheckpoint(String pointer) throws IOException {
      return storage.resolveCheckpoint(pointer);
    }

    @Override
    public void initializeBaseLocationsForCheckpoint() throws IOException {
      real.initializeBaseLocationsForCheckpoint();
    }

    @Override
    public CheckpointStorageLocation initializeLocationForCheckpoint(long checkpoint)
        throws IOException {
      return new Location(real.initializeLocationForCheckpoint(checkpoint));
    }

    @Override
    public CheckpointStorageLocation initializeLocationForSavepoint(long checkpoint, String folder)
        throws IOException {
      return new Location(real.initializeLocationForSavepoint(checkpoint, folder));
    }

    @Override
    public CheckpointStreamFactory resolveCheckpointStorageLocation(
        long checkpoint, CheckpointStorageLocationReference reference) throws IOException {
      return new Streams(real.resolveCheckpointStorageLocation(checkpoint, reference));
    }

    @Override
    public CheckpointStateOutputStream createTaskOwnedStateStream() throws IOException {
      return CheckedStreams.of(real.createTaskOwnedStateStream());
    }

    @Override
    public CheckpointStateToolset createTaskOwnedCheckpointStateToolset() {
      return real.createTaskOwnedCheckpointStateToolset();
    }
  }

  private static class Streams implements CheckpointStreamFactory {
    private final CheckpointStreamFactory real;

    Streams(CheckpointStreamFactory real) {
      this.real = real;
    }

    @Override
    public CheckpointStateOutputStream createCheckpointStateOutputStream(
        CheckpointedStateScope scope) throws IOException {
      return CheckedStreams.of(real.createCheckpointStateOutputStream(scope));
    }

    @Override
    public boolean canFastDuplicate(StreamStateHandle handle, CheckpointedStateScope scope)
        throws IOException {
      return real.canFastDuplicate(handle, scope);
    }

    @Override
    public List<StreamStateHandle> duplicate(
        List<StreamStateHandle> handles, CheckpointedStateScope scope) throws IOException {
      return real.duplicate(handles, scope);
    }

    @Override
    public void reusePreviousStateHandle(Collection<? extends StreamStateHandle> handles) {
      real.reusePreviousStateHandle(handles);
    }

    @Override
    public boolean couldReuseStateHandle(StreamStateHandle handle) {
      return real.couldReuseStateHandle(handle);
    }
  }

  private static final class Location extends Streams implements CheckpointStorageLocation {
    private final CheckpointStorageLocation real;

    Location(CheckpointStorageLocation real) {
      super(real);
      this.real = real;
    }

    @Override
    public CheckpointMetadataOutputStream createMetadataOutputStream() throws IOException {
      return CheckedStreams.of(real.createMetadataOutputStream());
    }

    @Override
    public void disposeOnFailure() throws IOException {
      real.disposeOnFailure();
    }

    @Override
    public CheckpointStorageLocationReference getLocationReference() {
      return real.getLocationReference();
    }
  }
}
