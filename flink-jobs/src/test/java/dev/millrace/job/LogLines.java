package dev.millrace.job;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** What a class writes to its log, until this is closed. */
public final class LogLines extends AbstractAppender implements AutoCloseable {

  private final Logger log;
  private final List<String> said = new CopyOnWriteArrayList<>();

  private LogLines(Logger log) {
    super("lines", null, null, true, Property.EMPTY_ARRAY);
    this.log = log;
  }

  public static LogLines of(Class<?> writer) {
    LogLines lines = new LogLines((Logger) LogManager.getLogger(writer));
    lines.start();
    lines.log.addAppender(lines);
    return lines;
  }

  public List<String> said() {
    return List.copyOf(said);
  }

  @Override
  public void append(LogEvent event) {
    said.add(event.getMessage().getFormattedMessage());
  }

  @Override
  public void close() {
    log.removeAppender(this);
    stop();
  }
}
