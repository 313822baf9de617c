using Millrace.Jobs;

namespace Township.Modules.Voting;

/// <summary>The module's jobs.</summary>
internal static class VotingJobs
{
    public static void AddVotingJobs(this IServiceCollection services) =>
        services.AddMillraceJobs()
            .AddHandler<CloseQuestion, CloseQuestionHandler>(CloseQuestion.JobName, job => job.Priority = 10)
            .AddHandler<CloseDueQuestions, CloseDueQuestionsHandler>(CloseDueQuestions.JobName)
            .AddSchedule("close-due-questions", "*/5 * * * *", new CloseDueQuestions());
}
