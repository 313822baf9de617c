using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Millrace.JobLoad.Roles;

/// <summary>The job: 100 bytes of JSON that nothing is done with.</summary>
/// <param name="At">When it was sent, in 16 digits of microseconds; 0 for one that is not measured.</param>
/// <param name="Filler">The rest of the 100 bytes.</param>
internal sealed record Work(string At, string Filler)
{
    public const string Name = "work";

    public const int PayloadBytes = 100;

    private const string Unmeasured = "0000000000000000";

    private static readonly string Rest = new('x', 63);

    /// <summary>The clock that all processes of this machine share, in microseconds; node's <c>process.hrtime</c> reads the same one.</summary>
    public static long Now => (long)(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1e6));

    /// <summary>A job that is not measured by itself.</summary>
    public static Work Plain() => new(Unmeasured, Rest);

    /// <summary>A job that tells when it was sent.</summary>
    public static Work Stamped() => new(Now.ToString("D16", CultureInfo.InvariantCulture), Rest);

    /// <summary>As many plain jobs.</summary>
    public static Work[] Many(int count)
    {
        var jobs = new Work[count];
        for (var i = 0; i < count; i++)
        {
            jobs[i] = Plain();
        }

        return jobs;
    }

    /// <summary>The payload as the engine stores it.</summary>
    /// <exception cref="InvalidOperationException">It is not of the size that is claimed.</exception>
    public static byte[] Payload()
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(Plain(), JsonSerializerOptions.Web);
        return bytes.Length == PayloadBytes ? bytes : throw new InvalidOperationException($"The payload has {bytes.Length} bytes.");
    }
}
