using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching;
using Township.Modules.Accounts;
using Township.Modules.Organisations;
using Township.Modules.Projects;
using Township.Platform.Data;
using Township.Platform.Identity;

namespace Township.Tests.Modules;

/// <summary>A small town on one of the databases: a manager, a member and an outsider around one organisation.</summary>
internal sealed class Town : IAsyncDisposable
{
    public const string Sqlite = "SQLite";
    public const string Postgres = "PostgreSQL";
    public const string Manager = "ada";
    public const string Member = "ben";
    public const string Outsider = "cem";

    private Town(TownshipHost host) => Host = host;

    public static TheoryData<string> Databases => [Sqlite, Postgres];

    public TownshipHost Host { get; }

    public string OrganisationId { get; private set; } = "";

    public Cache Cache => Get<Cache>();

    public static async Task<Town> StartAsync(
        PostgresFixture? postgres = null,
        string database = Sqlite,
        Dictionary<string, string?>? settings = null,
        Action<WebApplicationBuilder>? configure = null)
    {
        settings ??= [];
        if (database == Postgres)
        {
            settings["ConnectionStrings:Township"] = await postgres!.CreateDatabaseAsync();
        }

        var town = new Town(await TownshipHost.StartAsync(settings, configure: configure));
        await AccountsStore.InsertAsync(
            town.Get<Database>(),
            [.. new[] { Manager, Member, Outsider }.Select(id => new NewUser
            {
                Id = id, Email = $"{id}@example.org", Name = $"{char.ToUpperInvariant(id[0])}{id[1..]} Doe", ConfirmedAt = 1, CreatedAt = 1,
            })],
            default);
        var organisation = await town.Get<OrganisationWrites>().CreateAsync(
            new OrganisationInput
            {
                Name = "Mill Green Choir", Summary = "We sing on Tuesdays.", Category = "Arts and culture", IsOpen = true,
            },
            Manager,
            default);
        town.OrganisationId = organisation.Value!.Id;
        await town.Get<OrganisationWrites>().JoinAsync(town.OrganisationId, Member, default);
        return town;
    }

    public T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public ProjectInput ProjectInput(string name = "Winter concert", bool isPrivate = false) => new()
    {
        OrganisationId = OrganisationId, Name = name, Summary = "Songs for the longest night.", Category = "Arts and culture", IsPrivate = isPrivate,
    };

    public async Task<Project> CreateProjectAsync(string name = "Winter concert", bool isPrivate = false) =>
        (await Get<ProjectWrites>().CreateAsync(ProjectInput(name, isPrivate), Manager, default)).Value!;

    public async Task<WorkItem> CreateTaskAsync(string projectId, string title = "Copy the sheet music", string? assignee = null) =>
        (await Get<WorkWrites>().CreateAsync(projectId, new WorkItemInput { Title = title, AssigneeId = assignee }, Manager, default)).Value!;

    public string Token(string userId) => Get<AccessTokens>().Issue(userId, userId, TownshipRoles.Resident, null).Token;

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
