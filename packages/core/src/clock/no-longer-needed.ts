/**
 * Why a timer is let go when what it limited has ended. An abort without a reason builds an
 * exception, stack and all, that nobody looks at.
 */
export const noLongerNeeded = Symbol('no longer needed');
