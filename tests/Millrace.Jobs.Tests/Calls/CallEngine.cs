using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Tests.Calls;

/// <summary>An <see cref="Engine"/> whose jobs call an <see cref="IPostbox"/>.</summary>
internal static class CallEngine
{
    public static async Task<(Engine Engine, PostboxScript Script)> StartAsync(
        Action<JobCalls>? calls = null,
        Action<JobsBuilder>? configure = null,
        Action<JobsOptions>? options = null,
        Func<object?[], Task>? run = null,
        string name = "post")
    {
        var script = new PostboxScript();
        script.Run = run ?? script.Run;
        var engine = await Engine.StartAsync(options: options, configure: jobs =>
        {
            jobs.Services.AddSingleton(script);
            jobs.Services.AddScoped<IPostbox, Postbox>();
            jobs.AddCalls<IPostbox>(name, calls);
            configure?.Invoke(jobs);
        });
        return (engine, script);
    }

    public static async Task<string> PayloadAsync(this Engine engine, string id) => Encoding.UTF8.GetString((await engine.GetAsync(id)).Payload.Span);

    /// <summary>Puts a job into the store past the client, as anybody who can write to the store may.</summary>
    public static async Task<string> StoreAsync(this Engine engine, string type, string payload, int maxAttempts = 1)
    {
        var job = new NewJob { Id = Guid.NewGuid().ToString("N"), Queue = JobsOptions.DefaultQueue, Type = type, Payload = Encoding.UTF8.GetBytes(payload), MaxAttempts = maxAttempts };
        await engine.Store.EnqueueAsync([job], 1_000);
        return job.Id;
    }

    /// <summary>The error of a job that is dead in the end.</summary>
    public static async Task<string> DiesAsync(this Engine engine, string id)
    {
        await engine.ReachesAsync(id, JobState.Dead);
        return (await engine.GetAsync(id)).Error!;
    }
}
