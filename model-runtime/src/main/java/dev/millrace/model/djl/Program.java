package dev.millrace.model.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A generated TorchScript program in native memory. Every call runs on the calling thread, unless
 * it is {@linkplain #help helped} alone, with one intra-op thread; several threads may call at
 * once.
 */
final class Program implements AutoCloseable {

  static final String ENGINE = "PyTorch";

  private static final ThreadLocal<Boolean> PREPARED = ThreadLocal.withInitial(() -> false);

  static {
    ProcessEnd.skipDestructors();
  }

  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private int helped;

  private Program(PtNDManager manager, PtSymbolBlock block) {
    this.manager = manager;
    this.block = block;
  }

  /** Compiles a source; the archive lives in a private folder and is deleted at once. */
  static Program compile(String source) {
    return compile(source, Device.cpu());
  }

  /** The same for a program that runs elsewhere; the CPU has to be named where there is a GPU. */
  static Program compile(String source, Device device) {
    return compile(source, device, Path.of(System.getProperty("java.io.tmpdir")));
  }

  /**
   * The same.
   *
   * @param temp has the private folder
   */
  static Program compile(String source, Device device, Path temp) {
    Engine.getInstance();
    prepareThread();
    PtNDManager manager = (PtNDManager) NDManager.newBaseManager(device, ENGINE);
    try {
      Path folder = Files.createTempDirectory(temp, "millrace-program");
      Path file = folder.resolve("program.pt");
      try {
        ScriptArchive.write(file, Placement.of(device, source));
        return new Program(
            manager,
            JniUtils.loadModule(manager, file, false, new String[0], new String[0], false));
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      manager.close();
      throw new UncheckedIOException(
          "cannot write the base's program into %s (TMPDIR names another folder)".formatted(temp),
          e);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /** The same, filled; its memory is freed where that fails. */
  static Program compile(String source, Device device, Consumer<Program> fill) {
    Program program = compile(source, device);
    try {
      fill.accept(program);
      return program;
    } catch (RuntimeException | Error e) { // such as of a heap that is too small
      program.close();
      throw e;
    }
  }

  /** Grad mode is on in new threads and the thread count is per thread: set both once for each. */
  static void prepareThread() {
    if (!PREPARED.get()) {
      JniUtils.setGraphExecutorOptimize(false);
      JniUtils.setGradMode(false);
      JniUtils.setNumThreads(1);
      PREPARED.set(true);
    }
  }

  /** A manager for the arrays of one call. */
  PtNDManager scope() {
    prepareThread();
    return (PtNDManager) manager.newSubManager();
  }

  /** Copies values to native memory, detached from the Java buffer they came from. */
  static PtNDArray array(NDManager manager, Values values) {
    try (NDArray view = manager.create(values.data(), new Shape(values.shape()))) {
      return (PtNDArray) view.duplicate();
    }
  }

  /** The same of many, through one buffer: one for each would be work for the collector. */
  static List<PtNDArray> arrays(PtNDManager manager, List<Values> values) {
    Staging staging = new Staging();
    List<PtNDArray> arrays = new ArrayList<>();
    for (Values v : values) {
      staging.bytes((long) Float.BYTES * v.data().length).asFloatBuffer().put(v.data());
      try (PtNDArray view = staging.view(manager, DataType.FLOAT32, v.shape())) {
        arrays.add((PtNDArray) view.duplicate());
      }
    }
    staging.free();
    return arrays;
  }

  /** The arrays of a list from a place on. */
  static List<PtNDArray> arrays(NDList list, int from) {
    return list.subList(from, list.size()).stream().map(array -> (PtNDArray) array).toList();
  }

  /** Runs a method in inference mode; results belong to the manager, arguments are closed. */
  PtNDArray[] infer(PtNDManager scope, String method, IValue... arguments) {
    try {
      return call(scope, method, arguments);
    } finally {
      for (IValue argument : arguments) {
        argument.close();
      }
    }
  }

  /** Runs a method in inference mode; results belong to the manager, arguments stay open. */
  PtNDArray[] call(PtNDManager scope, String method, IValue... arguments) {
    prepareThread();
    try (IValue result = IValueUtils.runMethod(block, method, arguments)) {
      return result.toTensorArray(scope);
    }
  }

  /**
   * Of calls of how many rows another thread may compute half of the experts from now on; 0: none.
   */
  synchronized void help(int rows) {
    if (rows != helped) {
      try (PtNDManager scope = scope()) {
        infer(scope, "help", IValue.from((long) rows));
      }
      helped = rows;
    }
  }

  /** Takes the packed matrices of another program: both hold the same. */
  void share(Program other) {
    take(other, "matrices", "share");
  }

  /** Takes the embedding of another program as the first of its vectors: both hold the same. */
  void shareEmbedding(Program other) {
    take(other, "own_embedding", "share_embedding");
  }

  private void take(Program other, String given, String taken) {
    try (IValue same = IValueUtils.runMethod(other.block, given)) {
      IValueUtils.runMethod(block, taken, same).close();
    }
  }

  /**
   * Runs a method with autograd available. Arguments are lists of tensors or single tensors, in the
   * order of the method's parameters; results belong to the scope.
   */
  NDList train(PtNDManager scope, String method, Argument... arguments) {
    prepareThread();
    NDList list = new NDList();
    NDArray first = scope.create(0);
    first.setName("module_method:" + method);
    list.add(first);
    for (Argument argument : arguments) {
      for (PtNDArray array : argument.arrays()) {
        array.setName(argument.name());
        list.add(array);
      }
    }
    JniUtils.setGradMode(true);
    try {
      return IValueUtils.forward(block, list, true);
    } finally {
      JniUtils.setGradMode(false);
    }
  }

  /** A parameter of a method: one tensor, or a list of tensors where the name ends in []. */
  record Argument(String name, List<PtNDArray> arrays) {
    static Argument of(String name, NDArray array) {
      return new Argument(name, List.of((PtNDArray) array));
    }

    static Argument list(String name, List<PtNDArray> arrays) {
      return new Argument(name + "[]", arrays);
    }
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
