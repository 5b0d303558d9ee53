package dev.millrace.job.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/** The release store cannot be read or written: a file stands where its folder was. */
record StoreAway() implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    Path store = site.store();
    Path aside = store.resolveSibling(store.getFileName() + ".aside");
    try {
      Files.createDirectories(store);
      Files.move(store, aside);
      Files.createFile(store);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Struck("the store", () -> bringBack(store, aside));
  }

  private static void bringBack(Path store, Path aside) {
    try {
      Files.delete(store);
      Files.move(aside, store);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
