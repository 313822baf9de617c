using Township.Modules.Home;

namespace Township.Modules.Voting;

/// <summary>Questions, votes and live results.</summary>
internal sealed class VotingModule : ITownshipModule
{
    public string Name => "Voting";

    public void AddServices(IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<VotingSettings>()
            .BindConfiguration(VotingSettings.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddSingleton<QuestionStore>();
        builder.Services.AddSingleton<VotingReads>();
        builder.Services.AddSingleton<VotingWrites>();
        builder.Services.AddSingleton<QuestionEnd>();
        builder.Services.AddSingleton<LiveResults>();
        builder.Services.AddSingleton(new HomePanel("/Modules/Voting/Pages/_HomeQuestions.cshtml", 30, ForGuests: true));
        builder.Services.AddVotingCache();
        builder.Services.AddVotingChannels();
        builder.Services.AddVotingJobs();
        builder.Services.AddHostedService(static services => services.GetRequiredService<LiveResults>());
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints) => VotingEndpoints.Map(endpoints);
}
