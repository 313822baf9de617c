using System.Diagnostics;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Diagnostics;

/// <summary>
/// The measurement of one command on its way. Nothing where nobody listened when it began. Begun by its caller; ended, once, by whoever ends
/// the command.
/// </summary>
internal struct CommandTrace
{
    private ClientTelemetry? _telemetry;
    private Activity? _activity;
    private ServerCounters? _server;
    private long _started;

    /// <summary>Begins, because somebody listens.</summary>
    public void Begin(ClientTelemetry telemetry, CommandName name)
    {
        _telemetry = telemetry;
        _activity = telemetry.StartActivity(name);
        _started = telemetry.Timestamp();
    }

    /// <summary>Names the server that it goes to; the last one counts.</summary>
    public void At(ServerCounters server)
    {
        if (_telemetry is not null)
        {
            _server = server;
        }
    }

    /// <summary>Ends it, before the caller is resumed.</summary>
    public void End(CommandName name, Exception? error)
    {
        if (_telemetry is { } telemetry)
        {
            var (activity, server, started) = (_activity, _server, _started);
            this = default;
            telemetry.Ended(name, activity, server, started, error);
        }
    }
}
