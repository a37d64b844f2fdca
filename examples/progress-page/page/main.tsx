import { LonghaulProvider } from "longhaul/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ReviewsCard } from "./reviews-card.tsx";
import "./style.css";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <LonghaulProvider>
      <ReviewsCard />
    </LonghaulProvider>
  </StrictMode>,
);
