package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import java.util.Map;

/**
 * A base that takes the place of the one which answers where there is no release.
 *
 * @param taught the releases of the base before that it says by itself, by domain
 */
public record NewBase(BaseModel base, Map<String, String> taught) {

  public NewBase {
    taught = Map.copyOf(taught);
  }
}
