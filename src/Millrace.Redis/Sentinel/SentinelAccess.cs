using Millrace.Redis.Connection;

namespace Millrace.Redis.Sentinel;

/// <summary>How the Sentinels of one service are reached: with their own credentials, never with the data servers'.</summary>
internal sealed class SentinelAccess
{
    public SentinelAccess(ClientContext context)
    {
        Context = context;
        Service = context.Options.SentinelServiceName!;
        Options = context.Options.Clone();
        Options.User = context.Options.SentinelUser;
        Options.Password = context.Options.SentinelPassword;
        Options.Database = 0;
        Options.Tracking = null;
        Options.ReadFrom = RedisReadFrom.Primary;
    }

    /// <summary>The client's own context, for the data servers.</summary>
    public ClientContext Context { get; }

    /// <summary>The name under which the Sentinels watch the primary.</summary>
    public string Service { get; }

    /// <summary>The options for connections to Sentinels.</summary>
    public RedisOptions Options { get; }

    /// <summary>The same for each question: how long a Sentinel may take, connecting included.</summary>
    public CancellationTokenSource Limit() => new(Options.ConnectTimeout, Context.Time);
}
