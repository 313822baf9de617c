namespace Millrace.Redis.Connection;

/// <summary>What all connections of one client share.</summary>
/// <param name="Options">The client's own copy of the options.</param>
/// <param name="Clock">The clock of its time-outs.</param>
/// <param name="Time">Where time comes from.</param>
/// <param name="Opener">Opens connections.</param>
/// <param name="Observer">Told what happens on the shared connections.</param>
internal sealed record ClientContext(RedisOptions Options, ClientClock Clock, TimeProvider Time, ConnectionOpener Opener, ILinkObserver Observer);
