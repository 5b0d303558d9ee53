package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A base that takes the place of the one which answers where there is no release.
 *
 * @param taught the releases of the base before that it says by itself, by domain
 * @param rebased what answers on it, by the releases of the base before in whose place
 */
public record NewBase(BaseModel base, Map<String, String> taught, Map<String, Rebased> rebased) {

  public NewBase {
    taught = Map.copyOf(taught);
    rebased = Map.copyOf(rebased);
  }

  /** A release that answers on it; null if none of these has that id. */
  @Nullable Rebased named(String release) {
    return rebased.values().stream()
        .filter(of -> of.release().equals(release))
        .findAny()
        .orElse(null);
  }
}
