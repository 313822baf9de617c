using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Answers;
using Millrace.AspNetCore.Management;

namespace Millrace.AspNetCore.Overviews;

/// <summary>
/// Server-sent events for the dashboard: <c>overview</c> every interval and <c>sample</c> for each new point of the history.
/// </summary>
/// <remarks>
/// A stream holds nothing but its place: each round takes the overview of that moment, so one that cannot keep up gets fewer, not later ones.
/// A client that reads nothing for <see cref="WriteTimeout"/> is let go. Streams are counted and end when the application stops.
/// </remarks>
internal sealed class LiveStreams(
    OverviewSource overviews, History history, IHostApplicationLifetime lifetime, TimeProvider clock, IOptions<MillraceOptions> options)
{
    internal static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(15);
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public async Task<IResult> StreamAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _open) > options.Value.MaximumLiveStreams)
        {
            Interlocked.Decrement(ref _open);
            context.Response.Headers.RetryAfter = "10";
            return Problems.Of(
                StatusCodes.Status503ServiceUnavailable,
                "Too many live streams",
                $"{options.Value.MaximumLiveStreams} are open (Millrace:MaximumLiveStreams). Poll /overview instead, or try again later.");
        }

        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await RunAsync(context, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the client left, read nothing for too long, or the application stops
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }

        return Results.Empty;
    }

    private async Task RunAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // proxies that buffer would turn live into late
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var next = history.Next;
        while (true)
        {
            var frame = await overviews.GetAsync(cancellationToken).ConfigureAwait(false);
            Write(response.BodyWriter, "overview", id: null, frame.Json.Span);
            foreach (var sample in history.From(next))
            {
                Write(response.BodyWriter, "sample", sample.Sequence, JsonSerializer.SerializeToUtf8Bytes(sample, OverviewJson.Default.Sample));
                next = sample.Sequence + 1;
            }

            await FlushAsync(response.BodyWriter, cancellationToken).ConfigureAwait(false);
            await Task.Delay(options.Value.LiveInterval, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FlushAsync(PipeWriter writer, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(WriteTimeout, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        await writer.FlushAsync(linked.Token).ConfigureAwait(false);
    }

    /// <summary>One event. The data is JSON as we serialize it: one line, so one field.</summary>
    private static void Write(PipeWriter writer, string name, long? id, ReadOnlySpan<byte> json)
    {
        var head = id is { } number
            ? string.Create(CultureInfo.InvariantCulture, $"id: {number}\nevent: {name}\ndata: ")
            : $"event: {name}\ndata: ";
        writer.Write(Encoding.ASCII.GetBytes(head));
        writer.Write(json);
        writer.Write("\n\n"u8);
    }
}
