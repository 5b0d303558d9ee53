package dev.millrace.model.djl;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.concurrent.ForkJoinPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a process that computes. exit(3) runs the destructors of what libtorch keeps for all
 * threads, and one that is still inside dies of SIGSEGV. So none is run: the process ends by
 * _exit(2), with the status it was to have.
 */
final class ProcessEnd {

  private static final Logger LOG = LoggerFactory.getLogger(ProcessEnd.class);

  private ProcessEnd() {}

  /**
   * What is registered last is called first, and libtorch registers some destructors when it first
   * computes: so on_exit(3) has its turn when Java ends.
   */
  static void skipDestructors() {
    // A hook keeps the class loader of who makes it: this thread is of no Flink job.
    ForkJoinPool.commonPool().execute(ProcessEnd::hook);
  }

  private static void hook() {
    try {
      NativeLibrary c = NativeLibrary.getInstance("c");
      Function onExit = c.getFunction("on_exit");
      Object[] handler = {c.getFunction("_exit"), null};
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> onExit.invokeInt(handler), "millrace-process-end"));
    } catch (LinkageError e) {
      LOG.debug("this C library ends no process without destructors", e);
    } catch (IllegalStateException e) {
      LOG.debug("the process ends already", e);
    }
  }
}
