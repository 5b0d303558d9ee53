/** Domain injection: a learned vector of the domain, projected and added to the hidden state. */
@NullMarked
package dev.millrace.model.inject;

import org.jspecify.annotations.NullMarked;
