package dev.millrace.adapter.publish;

import dev.millrace.model.release.ReleaseFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * {@link StoreFiles} on a local disk: written aside, synced, moved into place. Not by Java's
 * temporary files: only their owner may read those. The root is made once: one that was there and
 * is gone will come back with what is in it.
 */
final class LocalFiles implements StoreFiles {

  private final Path root;
  private volatile boolean seen;

  LocalFiles(Path root) {
    this.root = root;
    seen = Files.isDirectory(root);
  }

  @Override
  public boolean exists(String path) {
    return Files.isRegularFile(resolve(path));
  }

  @Override
  public void write(String path, byte[] bytes) throws IOException {
    Path target = resolve(path);
    Path folder = Objects.requireNonNull(target.getParent());
    requireRoot();
    makeFolder(folder);
    Path aside = folder.resolve("." + UUID.randomUUID() + PART);
    try {
      try (FileChannel channel =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        for (ByteBuffer left = ByteBuffer.wrap(bytes); left.hasRemaining(); ) {
          channel.write(left);
        }
        channel.force(true);
      } catch (FileSystemException e) {
        throw e; // it names the file
      } catch (IOException e) { // the disk is full: it names none
        throw new IOException(target + ": " + e.getMessage(), e);
      }
      Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  @Override
  public void sync(String folder) throws IOException {
    sync(resolve(folder));
    sync(root);
  }

  private void requireRoot() throws IOException {
    if (!seen) {
      Files.createDirectories(root);
      sync(Objects.requireNonNull(root.getParent()));
      seen = true;
    } else if (!Files.isDirectory(root)) {
      throw new NoSuchFileException(root.toString(), null, "the store is gone, expected it back");
    }
  }

  /** In the root, which is not made anew even if it goes away in this moment. */
  private static void makeFolder(Path folder) throws IOException {
    try {
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      // other files lie there
    }
  }

  @Override
  public List<StoredFile> list() throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    List<StoredFile> files = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(root, Files::isDirectory)) {
      for (Path folder : folders) {
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(folder)) {
          for (Path file : inside) {
            add(folder.getFileName() + "/" + file.getFileName(), file, files);
          }
        } catch (NoSuchFileException e) {
          // deleted meanwhile
        }
      }
    }
    return files;
  }

  private static void add(String path, Path file, List<StoredFile> files) throws IOException {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      if (found.isRegularFile()) {
        files.add(new StoredFile(path, found.lastModifiedTime().toInstant()));
      }
    } catch (NoSuchFileException e) {
      // moved into place, or deleted meanwhile
    }
  }

  @Override
  public void delete(String path) throws IOException {
    Path file = resolve(path);
    Files.deleteIfExists(file);
    try {
      Files.deleteIfExists(Objects.requireNonNull(file.getParent()));
    } catch (DirectoryNotEmptyException e) {
      // other files lie there
    }
  }

  @Override
  public String uri(String path) {
    return ReleaseFiles.uri(resolve(path));
  }

  private Path resolve(String path) {
    Path resolved = root.resolve(path).normalize();
    if (!resolved.startsWith(root)) {
      throw new IllegalArgumentException("path " + path + " leaves the store");
    }
    return resolved;
  }

  private static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
