/** What keeps pages of other sites out of a door where whoever calls may do everything. */
@NullMarked
package dev.millrace.job.door;

import org.jspecify.annotations.NullMarked;
