package dev.millrace.job.io;

import dev.millrace.model.release.ReleaseFiles;
import java.io.IOException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;

/** Release files on any of Flink's file systems. */
public final class FlinkReleaseFiles implements ReleaseFiles {

  @Override
  public byte[] read(String uri, int maxBytes) throws IOException {
    Path path = new Path(uri);
    try (FSDataInputStream in = path.getFileSystem().open(path)) {
      return in.readNBytes(maxBytes);
    }
  }
}
