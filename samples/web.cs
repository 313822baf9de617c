#!/usr/bin/env -S dotnet run --file
#:sdk Microsoft.NET.Sdk.Web
#:project ../src/Millrace.AspNetCore/Millrace.AspNetCore.csproj
#:property PublishAot=false
using Millrace.AspNetCore;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;
using Millrace.Sqlite;

// Run: dotnet run samples/web.cs, then open /millrace; curl /projects/42; curl -X PUT "/projects/42?name=Roof"
var builder = WebApplication.CreateBuilder(args);
builder.AddMillrace(m =>
{
    m.UseSqlite("app.db"); // durable jobs in one file; without this line they live in memory
    m.Jobs.AddHandler<TellOwner, TellOwnerHandler>("tell-owner");
    m.Jobs.AddQueue("email", concurrency: 5);
    m.Realtime.AddChannel("project:{id}", c => c.AllowAuthenticated());
});

var app = builder.Build();
app.UseOutputCache();
app.MapMillrace(); // dashboard, management API, hub, health
var names = new Dictionary<int, string> { [42] = "New roof for the library" }; // your database

app.MapGet("/projects/{id:int}", (int id, Cache cache) =>
    cache.GetOrCreateAsync($"project:{id}", id, (key, _) => ValueTask.FromResult(names[key]), CachePolicies.Medium, [$"project:{id}"]));

app.MapPut("/projects/{id:int}", async (int id, string name, JobClient jobs, ChannelClient channels) =>
{
    names[id] = name;
    await jobs.EnqueueAsync(new TellOwner(id), o => o.Queue("email").Delay(TimeSpan.FromSeconds(5)));
    await channels.PublishAsync($"project:{id}", new ProjectRenamed(id, name));
}).Invalidates(tags: ["project:{id}"]); // before the client reads its answer

app.Run();

internal sealed record TellOwner(int ProjectId);

internal sealed record ProjectRenamed(int ProjectId, string Name);

internal sealed class TellOwnerHandler(ILogger<TellOwnerHandler> logger) : IJobHandler<TellOwner>
{
    public Task HandleAsync(TellOwner job, JobContext context, CancellationToken cancellationToken)
    {
        logger.LogInformation("Attempt {Attempt}: the owner of project {Project} has mail", context.Attempt, job.ProjectId);
        return Task.CompletedTask;
    }
}
