package dev.millrace.job.loop;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A text file, or those under a folder in the order of their names.
 *
 * @param above the folder from which they are named
 * @param passedOver by reason: what else is in the folder
 */
record TextFiles(Path above, List<Path> files, SortedMap<String, Integer> passedOver) {

  private static final Set<String> ENDINGS =
      Set.of(
          ("txt text md markdown rst adoc org tex pod"
                  + " java kt kts scala groovy clj py pyi pl pm rb php js mjs ts jsx tsx c h cc cpp"
                  + " cxx hpp hh cs fs go rs swift lua r jl hs ml el lisp erl ex exs dart sh bash sql"
                  + " proto tcl")
              .split(" ", -1));

  /** Whether its name is that of a text file, which may be compressed. */
  static boolean isText(Path file) {
    return ENDINGS.contains(ending(file));
  }

  /** How its name ends behind the last dot, compressed or not; empty without one. */
  private static String ending(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    String plain = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
    int dot = plain.lastIndexOf('.');
    return dot < 0 ? "" : plain.substring(dot + 1);
  }

  static TextFiles at(Path path) throws IOException {
    Path root = path.toRealPath();
    Path above = root.getParent() == null ? root : root.getParent();
    TextFiles found = new TextFiles(above, new ArrayList<>(), new TreeMap<>());
    if (Files.isDirectory(root)) {
      Files.walkFileTree(root, found.new Walk(root));
      found.files.sort(Comparator.comparing(found::name));
    } else {
      found.files.add(root);
    }
    return found;
  }

  /** As it is named in ids. */
  String name(Path file) {
    return above.relativize(file).toString().replace(File.separatorChar, '/');
  }

  void passOver(String reason) {
    passedOver.merge(reason, 1, Integer::sum);
  }

  private final class Walk extends SimpleFileVisitor<Path> {

    private final Path root;

    Walk(Path root) {
      this.root = root;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
        throws IOException {
      if (!folder.equals(root) && Files.isHidden(folder)) {
        passOver("hidden");
        return FileVisitResult.SKIP_SUBTREE;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (Files.isHidden(file)) {
        passOver("hidden");
      } else if (!attributes.isRegularFile()) {
        passOver("link");
      } else if (!isText(file)) {
        passOver(ending(file).isEmpty() ? "no-ending" : "other-ending");
      } else if (!Files.isReadable(file)) {
        passOver("unreadable");
      } else {
        files.add(file);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException problem) {
      passOver("unreadable");
      return FileVisitResult.CONTINUE;
    }
  }
}
